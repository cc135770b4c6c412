package startfailure

import (
	"path/filepath"
	"strings"
)

// WindowsInterpreter says which command starts a file on Windows that CreateProcess can't start, because it isn't a program by itself:
// the words before the file's name, as they stand in a definition. "": the name doesn't tell.
//
// A double click starts such a file by its extension; that is the Explorer's doing and not the system's.
func WindowsInterpreter(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".ps1":
		return "powershell.exe, -NoProfile, -ExecutionPolicy, Bypass, -File"
	case ".py", ".pyw", ".pyz":
		return "python.exe"
	case ".jar":
		return "java.exe, -jar"
	case ".js", ".mjs", ".cjs":
		return "node.exe"
	case ".vbs", ".wsf", ".jse", ".vbe":
		return "cscript.exe, //NoLogo, //B"
	case ".pl":
		return "perl.exe"
	case ".rb":
		return "ruby.exe"
	case ".php":
		return "php.exe"
	case ".sh":
		return "bash.exe"
	case ".dll":
		return "dotnet.exe"
	case ".msi":
		return "msiexec.exe, /i"
	}
	return ""
}
