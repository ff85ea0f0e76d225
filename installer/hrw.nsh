; What every installer of the worker shares: the one without a window (headless.nsi) and electron-builder's (electron-builder.nsh).
; It puts files down and hands its command line over; what that means is hrw's business (src-main/setup).
;
; Before it: HRW_VERSION, HRW_ROOT (the folder that holds one folder a version). HRW_APPLICATION where tray and window are carried.

!include "LogicLib.nsh"
!include "FileFunc.nsh"
!include "WinVer.nsh"
!include "x64.nsh"

!define HRW_NAME "Hybrid Runbook Worker"
!define HRW_PROGRAMS "${HRW_ROOT}\${HRW_VERSION}"
!define HRW_RECORD_KEY "SOFTWARE\Hybrid Runbook Worker"
; Of setup-exit-codes in src-main/setup/exit-codes.ts, those that are decided here.
!define HRW_CODE_CANCELLED 1
!define HRW_CODE_WINDOWS_TOO_OLD 4
!define HRW_CODE_ANOTHER_SETUP 5
!define HRW_CODE_FILES 20

; What hrw came to: its exit code and its sentence.
Var HrwCode
Var HrwWords
; Whether hrw has said it in its log already.
Var HrwIsLogged

; Nothing before Windows Server 2016 and Windows 10 runs Node. One setup at a time: two would take each other's work back.
!macro HrwCheckMachine
  ${IfNot} ${AtLeastWin10}
  ${OrIfNot} ${RunningX64}
    StrCpy $HrwWords "${HRW_NAME} needs a 64-bit Windows: Windows Server 2016 or Windows 10, or later."
    StrCpy $HrwCode ${HRW_CODE_WINDOWS_TOO_OLD}
    Call HrwRefuse
  ${EndIf}
  System::Call 'kernel32::CreateMutexW(p 0, i 0, w "Global\HybridRunbookWorkerSetup") p .r1 ?e'
  Pop $0
  ${If} $0 = 183
    StrCpy $HrwWords "Another setup of ${HRW_NAME} is at work on this machine. Wait until it has ended."
    StrCpy $HrwCode ${HRW_CODE_ANOTHER_SETUP}
    Call HrwRefuse
  ${EndIf}
!macroend

; Functions exist twice: an uninstaller has its own, whose names begin with `un.`.
!macro HrwFunctions un
  ; Ends the program with $HrwCode, and says $HrwWords to whoever looks on. A log that was asked for gets the sentence as well.
  Function ${un}HrwRefuse
    ${GetParameters} $0
    ClearErrors
    ${GetOptions} $0 "/LOG=" $1
    ${IfNot} ${Errors}
    ${AndIf} $HrwIsLogged != 1
      FileOpen $2 $1 a
      ${IfNot} ${Errors}
        FileSeek $2 0 END
        FileWrite $2 "$HrwWords$\r$\n"
        FileClose $2
      ${EndIf}
    ${EndIf}
    MessageBox MB_OK|MB_ICONSTOP "$HrwWords" /SD IDOK
    SetErrorLevel $HrwCode
    Quit
  FunctionEnd

  ; The whole command line, which this installer's own variables would cut off, as Windows has it.
  Function ${un}HrwWriteCommandLine
    Push $0
    Push $1
    Push $2
    InitPluginsDir
    System::Call 'kernel32::GetCommandLineW() p .r0'
    System::Call 'kernel32::lstrlenW(p r0) i .r1'
    IntOp $1 $1 * 2
    FileOpen $2 "$PLUGINSDIR\command-line.txt" w
    System::Call 'kernel32::WriteFile(p r2, p r0, i r1, *i .r1, p 0)'
    FileClose $2
    Pop $2
    Pop $1
    Pop $0
  FunctionEnd

  ; Stack: folder of hrw.exe, then its command and the option that names the file with the parameters. Sets $HrwCode and $HrwWords.
  Function ${un}HrwCall
    Exch $1
    Exch
    Exch $0
    Push $2
    Push $3
    Delete "$PLUGINSDIR\result.txt"
    nsExec::Exec '"$0\hrw.exe" setup $1 --result "$PLUGINSDIR\result.txt"'
    Pop $HrwCode
    StrCpy $HrwWords ""
    ClearErrors
    FileOpen $2 "$PLUGINSDIR\result.txt" r
    ${IfNot} ${Errors}
      FileReadUTF16LE $2 $HrwWords
      StrCpy $HrwIsLogged 1
      FileClose $2
    ${EndIf}
    ${If} $HrwCode == "error"
      StrCpy $HrwCode ${HRW_CODE_FILES}
    ${EndIf}
    ${If} $HrwWords == ""
      StrCpy $HrwWords "$0\hrw.exe did not run: it ended with $HrwCode."
      ${If} $HrwCode = 0
        StrCpy $HrwCode ${HRW_CODE_FILES}
      ${EndIf}
    ${EndIf}
    Pop $3
    Pop $2
    Pop $0
    Pop $1
  FunctionEnd
!macroend

; `folder`: of the programs. `command`: install, remove or test. `parameters`: --command-line or --answers, with its file.
!macro HrwCall un folder command parameters
  Push "${folder}"
  Push '${command} ${parameters}'
  Call ${un}HrwCall
!macroend

; Terminals that are opened from now on find hrw by its name.
!macro HrwTellEnvironment
  SendMessage ${HWND_BROADCAST} ${WM_WININICHANGE} 0 "STR:Environment" /TIMEOUT=2000
!macroend

!ifdef HRW_APPLICATION
  ; An entry of the Control Panel that opens the window. The id is this product's own.
  !define HRW_PANEL_ID "{6F1B8C0E-3A57-4F0C-9B1E-6D0A6C8E4F21}"

  !macro HrwAddControlPanelEntry program
    WriteRegStr HKLM "SOFTWARE\Classes\CLSID\${HRW_PANEL_ID}" "" "${HRW_NAME}"
    WriteRegStr HKLM "SOFTWARE\Classes\CLSID\${HRW_PANEL_ID}" "InfoTip" "Looks at the hybrid runbook worker of this machine and changes it"
    WriteRegStr HKLM "SOFTWARE\Classes\CLSID\${HRW_PANEL_ID}" "System.ApplicationName" "HybridRunbookWorker.Worker"
    WriteRegStr HKLM "SOFTWARE\Classes\CLSID\${HRW_PANEL_ID}" "System.ControlPanel.Category" "5"
    WriteRegStr HKLM "SOFTWARE\Classes\CLSID\${HRW_PANEL_ID}\DefaultIcon" "" "${program},0"
    WriteRegStr HKLM "SOFTWARE\Classes\CLSID\${HRW_PANEL_ID}\Shell\Open\Command" "" '"${program}"'
    WriteRegStr HKLM "SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\ControlPanel\NameSpace\${HRW_PANEL_ID}" "" "${HRW_NAME}"
  !macroend

  !macro HrwRemoveControlPanelEntry
    DeleteRegKey HKLM "SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\ControlPanel\NameSpace\${HRW_PANEL_ID}"
    DeleteRegKey HKLM "SOFTWARE\Classes\CLSID\${HRW_PANEL_ID}"
  !macroend
!endif
