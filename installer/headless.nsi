; The installer of the worker without a window. Made by `npm run package:installer`, which defines:
;   HRW_VERSION, HRW_STAGE (the folder with the programs), HRW_FILE (what is made), HRW_KILOBYTES (of the programs), HRW_COMPANY,
;   HRW_ICON, HRW_LICENCE; HRW_SIGN_PROGRAM where there is one.
Unicode true
Target amd64-unicode
!define HRW_ROOT "$PROGRAMFILES64\Hybrid Runbook Worker"
!include "hrw.nsh"
!include "MUI2.nsh"
!include "hrw-pages.nsh"

!define HRW_UNINSTALL_KEY "SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\${HRW_NAME}"
!define HRW_START_MENU "$SMPROGRAMS\${HRW_NAME}"

Name "${HRW_NAME}"
OutFile "${HRW_FILE}"
InstallDir "${HRW_ROOT}"
RequestExecutionLevel admin
SetOverwrite try
ShowInstDetails nevershow
ShowUninstDetails nevershow
BrandingText "${HRW_NAME} ${HRW_VERSION}"
VIProductVersion "${HRW_NUMBERS}"
VIAddVersionKey "ProductName" "${HRW_NAME}"
VIAddVersionKey "ProductVersion" "${HRW_VERSION}"
VIAddVersionKey "FileVersion" "${HRW_VERSION}"
VIAddVersionKey "FileDescription" "${HRW_NAME} setup"
VIAddVersionKey "CompanyName" "${HRW_COMPANY}"
VIAddVersionKey "LegalCopyright" "Copyright (c) 2026 ${HRW_COMPANY}"
!ifdef HRW_SIGN_PROGRAM
  !uninstfinalize '"${HRW_SIGN_PROGRAM}" "%1"' = 0
  !finalize '"${HRW_SIGN_PROGRAM}" "%1"' = 0
!endif

!define MUI_ICON "${HRW_ICON}"
!define MUI_UNICON "${HRW_ICON}"
!define MUI_ABORTWARNING
!define MUI_CUSTOMFUNCTION_ABORT HrwTakeFilesBack

!define MUI_WELCOMEPAGE_TITLE "${HRW_NAME} ${HRW_VERSION}"
!define MUI_WELCOMEPAGE_TEXT "This machine becomes a worker for your automation: it connects out to the service, takes runbook jobs of its group and runs each in a process of its own. Nothing connects in.$\r$\n$\r$\nHave at hand:$\r$\n  - the service's address$\r$\n  - the workspace's ID and one of its keys (hrw workspace keys)$\r$\n  - a key of the account (hrw account keys), if this machine is to join a group now$\r$\n$\r$\nA version that is installed is upgraded; jobs that run go on meanwhile."
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_LICENSE "${HRW_LICENCE}"
!define MUI_PAGE_HEADER_TEXT "Programs"
!define MUI_PAGE_HEADER_SUBTEXT "They are put down, and this machine is looked at. Nothing runs yet."
!define MUI_INSTFILESPAGE_FINISHHEADER_TEXT "Programs"
!define MUI_INSTFILESPAGE_FINISHHEADER_SUBTEXT "They are there."
!insertmacro MUI_PAGE_INSTFILES
Page custom HrwWorkspacePage HrwWorkspacePageLeave
Page custom HrwServicePage HrwServicePageLeave
!define MUI_FINISHPAGE_TITLE "${HRW_NAME} is installed"
!define MUI_FINISHPAGE_TEXT "$HrwWords$\r$\n$\r$\nIn a new terminal hrw looks at this worker and steers it: hrw status."
!insertmacro MUI_PAGE_FINISH

!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; Whether this run has put the version's folder there: then it is taken away again when nothing comes of it.
Var HrwIsNew
Var HrwIsDone

!insertmacro HrwFunctions ""
!insertmacro HrwFunctions "un."
!insertmacro HrwPages

Function .onInit
  SetRegView 64
  SetShellVarContext all
  !insertmacro HrwCheckMachine
  StrCpy $INSTDIR "${HRW_ROOT}"
FunctionEnd

Section "Programs"
  Call HrwPutFiles
  ReadRegStr $0 HKLM "${HRW_RECORD_KEY}" "Version"
  ${If} ${Silent}
    Call HrwWriteCommandLine
    !insertmacro HrwCall "" "${HRW_PROGRAMS}" "install" '--command-line "$PLUGINSDIR\command-line.txt"'
  ${ElseIf} $0 != ""
    ; An upgrade asks nothing: it keeps what is there.
    Call HrwWriteCommandLine
    DetailPrint "Replacing version $0"
    !insertmacro HrwCall "" "${HRW_PROGRAMS}" "install" '--command-line "$PLUGINSDIR\command-line.txt"'
  ${Else}
    Call HrwClearAnswers
    !insertmacro HrwCall "" "${HRW_PROGRAMS}" "check" '--answers "$PLUGINSDIR\answers.txt"'
    StrCpy $R9 "go on"
  ${EndIf}
  ${If} $HrwCode <> 0
    Call HrwTakeFilesBack
    Call HrwRefuse
  ${EndIf}
  ${If} $R9 != "go on"
    Call HrwFinish
  ${EndIf}
SectionEnd

; The list of the files comes last: a folder that has it was put down whole before, and may be in use.
Function HrwPutFiles
  ${If} ${FileExists} "${HRW_PROGRAMS}\programs.json"
    StrCpy $HrwIsNew 0
    Return
  ${EndIf}
  StrCpy $HrwIsNew 1
  ClearErrors
  SetOutPath "${HRW_PROGRAMS}"
  File /r /x programs.json "${HRW_STAGE}\*.*"
  ${IfNot} ${Errors}
    File "${HRW_STAGE}\programs.json"
  ${EndIf}
  ${If} ${Errors}
    StrCpy $HrwWords "The programs could not be written to ${HRW_PROGRAMS}. Look whether the disk is full, or a security product holds a file back."
    StrCpy $HrwCode ${HRW_CODE_FILES}
    Call HrwTakeFilesBack
    Call HrwRefuse
  ${EndIf}
  SetOutPath "$TEMP"
FunctionEnd

Function HrwTakeFilesBack
  ${If} $HrwIsNew == 1
  ${AndIf} $HrwIsDone != 1
    SetOutPath "$TEMP"
    RMDir /r "${HRW_PROGRAMS}"
    RMDir "${HRW_ROOT}"
  ${EndIf}
FunctionEnd

; What Windows shows of an installation, and the way to remove it.
Function HrwFinish
  StrCpy $HrwIsDone 1
  WriteUninstaller "${HRW_ROOT}\uninstall.exe"
  WriteRegStr HKLM "${HRW_UNINSTALL_KEY}" "DisplayName" "${HRW_NAME}"
  WriteRegStr HKLM "${HRW_UNINSTALL_KEY}" "DisplayVersion" "${HRW_VERSION}"
  WriteRegStr HKLM "${HRW_UNINSTALL_KEY}" "DisplayIcon" "${HRW_PROGRAMS}\hrw.exe,0"
  WriteRegStr HKLM "${HRW_UNINSTALL_KEY}" "Publisher" "${HRW_COMPANY}"
  WriteRegStr HKLM "${HRW_UNINSTALL_KEY}" "InstallLocation" "${HRW_ROOT}"
  WriteRegStr HKLM "${HRW_UNINSTALL_KEY}" "UninstallString" '"${HRW_ROOT}\uninstall.exe"'
  ; In place, so that whoever removes it waits for the end and learns how it went; without _?= NSIS goes on in a copy of itself.
  WriteRegStr HKLM "${HRW_UNINSTALL_KEY}" "QuietUninstallString" '"${HRW_ROOT}\uninstall.exe" /S _?=${HRW_ROOT}'
  WriteRegDWORD HKLM "${HRW_UNINSTALL_KEY}" "EstimatedSize" ${HRW_KILOBYTES}
  WriteRegDWORD HKLM "${HRW_UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKLM "${HRW_UNINSTALL_KEY}" "NoRepair" 1
  SetOutPath "${HRW_ROOT}\bin"
  CreateDirectory "${HRW_START_MENU}"
  CreateShortCut "${HRW_START_MENU}\${HRW_NAME} command line.lnk" "$SYSDIR\cmd.exe" '/k hrw.cmd status' "${HRW_PROGRAMS}\hrw.exe" 0 SW_SHOWNORMAL "" "A terminal with hrw, which looks at this worker and steers it"
  SetOutPath "$TEMP"
  !insertmacro HrwTellEnvironment
FunctionEnd

Function un.onInit
  SetRegView 64
  SetShellVarContext all
  StrCpy $INSTDIR "${HRW_ROOT}"
FunctionEnd

Section "Uninstall"
  ReadRegStr $0 HKLM "${HRW_RECORD_KEY}" "ProgramFolder"
  ${If} $0 != ""
    Call un.HrwWriteCommandLine
    DetailPrint "Waiting for jobs that run, then leaving the service"
    !insertmacro HrwCall "un." "$0" "remove" '--command-line "$PLUGINSDIR\command-line.txt"'
    ${If} $HrwCode <> 0
      Call un.HrwRefuse
    ${EndIf}
  ${EndIf}
  SetOutPath "$TEMP"
  RMDir /r "${HRW_START_MENU}"
  DeleteRegKey HKLM "${HRW_UNINSTALL_KEY}"
  Call un.HrwRemoveVersions
  ; This program itself, where it runs in place (_?=): no program that NSIS made can delete its own file, so another one does, once this has ended.
  ${If} $EXEPATH == "${HRW_ROOT}\uninstall.exe"
    ExecShell "open" "$SYSDIR\cmd.exe" '/d /c ping -n 3 127.0.0.1 >nul & del /f /q "${HRW_ROOT}\uninstall.exe" & rmdir "${HRW_ROOT}"' SW_HIDE
  ${Else}
    Delete "${HRW_ROOT}\uninstall.exe"
  ${EndIf}
  RMDir "${HRW_ROOT}"
  !insertmacro HrwTellEnvironment
  ${If} $HrwWords != ""
    DetailPrint "$HrwWords"
  ${EndIf}
SectionEnd

; Every version that lies there, and nothing that is none of ours.
Function un.HrwRemoveVersions
  FindFirst $1 $2 "${HRW_ROOT}\*.*"
  ${DoWhile} $2 != ""
    ${If} ${FileExists} "${HRW_ROOT}\$2\programs.json"
      RMDir /r "${HRW_ROOT}\$2"
    ${EndIf}
    FindNext $1 $2
  ${Loop}
  FindClose $1
FunctionEnd
