/**
 * What xterm.js needs to live under our content security policy, so that nothing about the policy is loosened: the style elements that it
 * makes while it is opened carry this load's nonce, and a `style` attribute of a span is set through the style object, which is allowed.
 */
export function openUnderPolicy<Opened>(open: () => Opened): Opened {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? '';
  // Its parts take the document from here and there (6.0): only the document itself is what they all ask.
  const make: (name: string, options?: ElementCreationOptions) => HTMLElement = Reflect.get(Document.prototype, 'createElement');
  const value = (name: string, options?: ElementCreationOptions): HTMLElement => {
    const element = make.call(document, name, options);
    if (name === 'style') element.setAttribute('nonce', nonce);
    return element;
  };
  Object.defineProperty(document, 'createElement', { value, configurable: true });
  try {
    return open();
  } finally {
    Reflect.deleteProperty(document, 'createElement');
  }
}

/** Of rows that are drawn later. Safe to call twice. */
export function admitStylesOfSpans(): void {
  HTMLSpanElement.prototype.setAttribute = function (this: HTMLSpanElement, name: string, value: string): void {
    if (name === 'style') this.style.cssText = value;
    else Element.prototype.setAttribute.call(this, name, value);
  };
}
