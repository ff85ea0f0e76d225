; The pages that ask: how the service is reached, and how the worker runs. What is typed goes into the same parameters that an unattended
; installation gives, one a line; keys go into files of their own, which hrw deletes. Nothing is judged here: hrw says what is wrong.

!include "nsDialogs.nsh"

!define HRW_ANSWERS "$PLUGINSDIR\answers.txt"

Var HrwWorkspaceId
Var HrwWorkspaceKey
Var HrwServiceUrl
Var HrwTrust
Var HrwProxy
Var HrwAccount
Var HrwAccountName
Var HrwAccountPassword
Var HrwGroup
Var HrwToken

Var HrwFieldId
Var HrwFieldKey
Var HrwFieldUrl
Var HrwFieldTrust
Var HrwFieldProxy
Var HrwTestButton
Var HrwTestWords
Var HrwFieldAccount
Var HrwFieldAccountName
Var HrwFieldAccountPassword
Var HrwFieldGroup
Var HrwFieldToken

!macro HrwLabel top text
  ${NSD_CreateLabel} 0 ${top}u 82u 10u "${text}"
  Pop $0
!macroend

!macro HrwAnswer kind name value
  Push "${value}"
  Push "${name}"
  Call Hrw${kind}
!macroend

!macro HrwPages
  Function HrwWorkspacePage
    ${If} $HrwIsDone == 1
      Abort
    ${EndIf}
    !insertmacro MUI_HEADER_TEXT "Workspace" "How this machine reaches the service. All of it can be left empty, and hrw connect called later."
    nsDialogs::Create 1018
    Pop $0
    ${If} $HrwProxy == ""
      StrCpy $HrwProxy "none"
    ${EndIf}
    !insertmacro HrwLabel 2 "Workspace &ID"
    ${NSD_CreateText} 84u 0 216u 12u "$HrwWorkspaceId"
    Pop $HrwFieldId
    !insertmacro HrwLabel 18 "Workspace &key"
    ${NSD_CreatePassword} 84u 16u 216u 12u "$HrwWorkspaceKey"
    Pop $HrwFieldKey
    !insertmacro HrwLabel 34 "Service &URL"
    ${NSD_CreateText} 84u 32u 216u 12u "$HrwServiceUrl"
    Pop $HrwFieldUrl
    SendMessage $HrwFieldUrl ${EM_SETCUEBANNER} 1 "STR:https://automation.contoso.com:8443"
    !insertmacro HrwLabel 50 "Tr&ust"
    ${NSD_CreateText} 84u 48u 160u 12u "$HrwTrust"
    Pop $HrwFieldTrust
    SendMessage $HrwFieldTrust ${EM_SETCUEBANNER} 1 "STR:empty: as Windows; a file (PEM); a SHA-256"
    ${NSD_CreateButton} 248u 47u 52u 14u "&Browse..."
    Pop $0
    ${NSD_OnClick} $0 HrwBrowse
    !insertmacro HrwLabel 66 "&Proxy"
    ${NSD_CreateComboBox} 84u 64u 216u 60u ""
    Pop $HrwFieldProxy
    ${NSD_CB_AddString} $HrwFieldProxy "none"
    ${NSD_CB_AddString} $HrwFieldProxy "system"
    ${NSD_CB_AddString} $HrwFieldProxy "http://proxy.contoso.com:3128"
    SendMessage $HrwFieldProxy ${WM_SETTEXT} 0 "STR:$HrwProxy"
    ${NSD_CreateButton} 84u 82u 84u 14u "&Test the connection"
    Pop $HrwTestButton
    ${NSD_OnClick} $HrwTestButton HrwTest
    ${NSD_CreateLabel} 0 100u 300u 40u ""
    Pop $HrwTestWords
    nsDialogs::Show
  FunctionEnd

  Function HrwReadWorkspace
    ${NSD_GetText} $HrwFieldId $HrwWorkspaceId
    ${NSD_GetText} $HrwFieldKey $HrwWorkspaceKey
    ${NSD_GetText} $HrwFieldUrl $HrwServiceUrl
    ${NSD_GetText} $HrwFieldTrust $HrwTrust
    ${NSD_GetText} $HrwFieldProxy $HrwProxy
  FunctionEnd

  Function HrwBrowse
    Pop $0
    ${NSD_GetText} $HrwFieldTrust $0
    nsDialogs::SelectFileDialog open "$0" "Certificates (*.pem;*.crt;*.cer)|*.pem;*.crt;*.cer|All files|*.*"
    Pop $0
    ${If} $0 != ""
      ${NSD_SetText} $HrwFieldTrust $0
    ${EndIf}
  FunctionEnd

  Function HrwTest
    Pop $0
    Call HrwReadWorkspace
    Call HrwClearAnswers
    Call HrwWriteWorkspace
    EnableWindow $HrwTestButton 0
    ${NSD_SetText} $HrwTestWords "Trying $HrwServiceUrl ..."
    !insertmacro HrwCall "" "${HRW_PROGRAMS}" "test" '--answers "${HRW_ANSWERS}"'
    ${NSD_SetText} $HrwTestWords "$HrwWords"
    EnableWindow $HrwTestButton 1
  FunctionEnd

  ; A way that leads nowhere is told now, where it can be mended.
  Function HrwWorkspacePageLeave
    Call HrwReadWorkspace
    ${If} "$HrwWorkspaceId$HrwWorkspaceKey$HrwServiceUrl$HrwTrust" == ""
      Return
    ${EndIf}
    Call HrwClearAnswers
    Call HrwWriteWorkspace
    ${NSD_SetText} $HrwTestWords "Trying $HrwServiceUrl ..."
    !insertmacro HrwCall "" "${HRW_PROGRAMS}" "test" '--answers "${HRW_ANSWERS}"'
    ${NSD_SetText} $HrwTestWords "$HrwWords"
    ${If} $HrwCode <> 0
      MessageBox MB_OK|MB_ICONEXCLAMATION "$HrwWords"
      Abort
    ${EndIf}
  FunctionEnd

  Function HrwServicePage
    ${If} $HrwIsDone == 1
      Abort
    ${EndIf}
    !insertmacro MUI_HEADER_TEXT "How it runs" "As a service of this machine, which runs with nobody logged on."
    nsDialogs::Create 1018
    Pop $0
    !insertmacro HrwLabel 2 "&Account"
    ${NSD_CreateDropList} 84u 0 216u 60u ""
    Pop $HrwFieldAccount
    ${NSD_CB_AddString} $HrwFieldAccount "An account of its own"
    ${NSD_CB_AddString} $HrwFieldAccount "Local System"
    ${NSD_CB_AddString} $HrwFieldAccount "The account below"
    ${If} $HrwAccount == ""
      StrCpy $HrwAccount "An account of its own"
    ${EndIf}
    ${NSD_CB_SelectString} $HrwFieldAccount "$HrwAccount"
    ${NSD_OnChange} $HrwFieldAccount HrwAccountChanged
    !insertmacro HrwLabel 18 "&Name"
    ${NSD_CreateText} 84u 16u 216u 12u "$HrwAccountName"
    Pop $HrwFieldAccountName
    SendMessage $HrwFieldAccountName ${EM_SETCUEBANNER} 1 "STR:DOMAIN\name, or DOMAIN\name$$ for a managed one"
    !insertmacro HrwLabel 34 "Pass&word"
    ${NSD_CreatePassword} 84u 32u 216u 12u "$HrwAccountPassword"
    Pop $HrwFieldAccountPassword
    ${NSD_CreateLabel} 84u 47u 216u 26u "On the network a service with an account of its own, and Local System, are this computer. Runbooks have the rights of this account."
    Pop $0
    ${NSD_CreateHLine} 0 78u 300u 1u ""
    Pop $0
    !insertmacro HrwLabel 86 "Worker &group"
    ${NSD_CreateText} 84u 84u 216u 12u "$HrwGroup"
    Pop $HrwFieldGroup
    SendMessage $HrwFieldGroup ${EM_SETCUEBANNER} 1 "STR:empty: join one later (hrw register)"
    !insertmacro HrwLabel 102 "Account's &key"
    ${NSD_CreatePassword} 84u 100u 216u 12u "$HrwToken"
    Pop $HrwFieldToken
    ${NSD_CreateLabel} 84u 115u 216u 18u "Next installs the service, starts it, connects it and joins the group."
    Pop $0
    Call HrwShowAccountFields
    nsDialogs::Show
  FunctionEnd

  Function HrwAccountChanged
    Pop $0
    Call HrwShowAccountFields
  FunctionEnd

  Function HrwShowAccountFields
    ${NSD_GetText} $HrwFieldAccount $HrwAccount
    StrCpy $0 0
    ${If} $HrwAccount == "The account below"
      StrCpy $0 1
    ${EndIf}
    EnableWindow $HrwFieldAccountName $0
    EnableWindow $HrwFieldAccountPassword $0
  FunctionEnd

  Function HrwServicePageLeave
    ${NSD_GetText} $HrwFieldAccount $HrwAccount
    ${NSD_GetText} $HrwFieldAccountName $HrwAccountName
    ${NSD_GetText} $HrwFieldAccountPassword $HrwAccountPassword
    ${NSD_GetText} $HrwFieldGroup $HrwGroup
    ${NSD_GetText} $HrwFieldToken $HrwToken
    Call HrwClearAnswers
    Call HrwWriteWorkspace
    Call HrwWriteService
    Banner::show /NOUNLOAD "Installing the service ..."
    !insertmacro HrwCall "" "${HRW_PROGRAMS}" "install" '--answers "${HRW_ANSWERS}"'
    Banner::destroy
    ${If} $HrwCode <> 0
      MessageBox MB_OK|MB_ICONEXCLAMATION "$HrwWords"
      Abort
    ${EndIf}
    Call HrwFinish
  FunctionEnd

  Function HrwClearAnswers
    InitPluginsDir
    Delete "${HRW_ANSWERS}"
    FileOpen $0 "${HRW_ANSWERS}" w
    FileClose $0
  FunctionEnd

  ; Stack: the value, then the parameter's name. An empty value is no parameter.
  Function HrwAnswer
    Exch $1
    Exch
    Exch $0
    Push $2
    ${If} $0 != ""
      FileOpen $2 "${HRW_ANSWERS}" a
      FileSeek $2 0 END
      FileWriteUTF16LE $2 "/$1=$0$\r$\n"
      FileClose $2
    ${EndIf}
    Pop $2
    Pop $0
    Pop $1
  FunctionEnd

  ; Stack: the secret, then the parameter's name, which is also that of the file that holds it.
  Function HrwSecretAnswer
    Exch $1
    Exch
    Exch $0
    Push $2
    ${If} $0 != ""
      FileOpen $2 "$PLUGINSDIR\$1.txt" w
      FileWriteUTF16LE /BOM $2 "$0"
      FileClose $2
      Push "$PLUGINSDIR\$1.txt"
      Push $1
      Call HrwAnswer
    ${EndIf}
    Pop $2
    Pop $0
    Pop $1
  FunctionEnd

  Function HrwWriteWorkspace
    !insertmacro HrwAnswer "Answer" "WORKSPACEID" $HrwWorkspaceId
    !insertmacro HrwAnswer "SecretAnswer" "WORKSPACEKEYFILE" $HrwWorkspaceKey
    !insertmacro HrwAnswer "Answer" "SERVICEURL" $HrwServiceUrl
    !insertmacro HrwAnswer "Answer" "CA" $HrwTrust
    ${If} $HrwProxy != "none"
      !insertmacro HrwAnswer "Answer" "PROXY" $HrwProxy
    ${EndIf}
  FunctionEnd

  Function HrwWriteService
    ${If} $HrwAccount == "Local System"
      !insertmacro HrwAnswer "Answer" "ACCOUNT" "local-system"
    ${ElseIf} $HrwAccount == "The account below"
      !insertmacro HrwAnswer "Answer" "ACCOUNT" $HrwAccountName
      !insertmacro HrwAnswer "SecretAnswer" "ACCOUNTPASSWORDFILE" $HrwAccountPassword
    ${EndIf}
    !insertmacro HrwAnswer "Answer" "GROUP" $HrwGroup
    !insertmacro HrwAnswer "SecretAnswer" "TOKENFILE" $HrwToken
  FunctionEnd
!macroend
