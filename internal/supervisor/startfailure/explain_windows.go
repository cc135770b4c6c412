package startfailure

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// machineMismatch is ERROR_EXE_MACHINE_TYPE_MISMATCH.
const machineMismatch = syscall.Errno(216)

// causes are the error numbers that are explained.
func causes() []syscall.Errno {
	return []syscall.Errno{windows.ERROR_BAD_EXE_FORMAT, machineMismatch, windows.ERROR_DIRECTORY, windows.ERROR_FILE_NOT_FOUND,
		windows.ERROR_PATH_NOT_FOUND, windows.ERROR_ACCESS_DENIED, windows.ERROR_ELEVATION_REQUIRED, windows.ERROR_SHARING_VIOLATION,
		windows.ERROR_FILENAME_EXCED_RANGE, windows.ERROR_SXS_CANT_GEN_ACTCTX, windows.ERROR_VIRUS_INFECTED}
}

// explain says what is behind the error number of CreateProcess, or "".
func explain(p *launch.Plan, errno syscall.Errno) string {
	switch errno {
	case windows.ERROR_BAD_EXE_FORMAT, machineMismatch:
		return notAProgram(p.Path)
	case windows.ERROR_DIRECTORY:
		return folderProblem(p.Dir)
	case windows.ERROR_FILE_NOT_FOUND, windows.ERROR_PATH_NOT_FOUND:
		if _, err := os.Stat(p.Path); errors.Is(err, fs.ErrNotExist) {
			if why := launch.MissingDrive(p.Path); why != "" {
				return why
			}
			return "there is no such file"
		}
	case windows.ERROR_ACCESS_DENIED:
		return "access is denied: the service's account may not execute it (icacls shows who may), or a rule of AppLocker or the virus scanner blocks it"
	case windows.ERROR_ELEVATION_REQUIRED:
		return "its manifest asks for an administrator, and daruma's account isn't one here: run daruma elevated, or install with account: LocalSystem"
	case windows.ERROR_SHARING_VIOLATION:
		return "somebody has the file open: is it still being copied? Copy to another name, and rename"
	case windows.ERROR_SXS_CANT_GEN_ACTCTX:
		return "a library that its manifest names isn't installed (often a Visual C++ redistributable); sxstrace.exe shows which"
	case windows.ERROR_VIRUS_INFECTED:
		return "the virus scanner blocks it: it takes the file for a virus"
	}
	return ""
}

// explainFolder: CreateProcess enters the folder itself.
func explainFolder(*launch.Plan, syscall.Errno) string { return "" }

func folderProblem(dir string) string {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if why := launch.MissingDrive(dir); why != "" {
			return "its workingDir " + dir + ": " + why
		}
		return "its workingDir " + dir + " isn't there"
	case err == nil && !info.IsDir():
		return "its workingDir " + dir + " isn't a folder"
	}
	return "its workingDir " + dir + " can't be entered by the service's account (icacls shows who may)"
}

// notAProgram says what a file is that Windows can't execute.
func notAProgram(path string) string {
	if words := WindowsInterpreter(path); words != "" {
		return fmt.Sprintf("it is no program by itself, and Windows doesn't look for the one that runs it: command: [%s, '%s']", words, path)
	}
	data, err := safefile.ReadStart(path, maxStart)
	if err != nil {
		return ""
	}
	s := startOf(data)
	switch {
	case len(data) == 0:
		return "the file is empty"
	case s.script != "":
		return fmt.Sprintf("it is a script, and Windows doesn't read its first line: name the interpreter (%s) in the command before it", s.interpreter())
	case strings.HasPrefix(string(data), "\x7fELF"):
		return "it is a program for Linux"
	case strings.HasPrefix(string(data), "MZ"):
		return "it is a program for another processor or for 16-bit Windows, or damaged (an interrupted download?)"
	}
	return "it is no program: Windows executes .exe and .com files, and daruma .bat and .cmd files by cmd.exe"
}
