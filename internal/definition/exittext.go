package definition

import "fmt"

// ExitCodeText is "exit code 3", in the form in which the code is known: "exit code 0xC0000005 (access violation)" where Windows ended a program
// that crashed, "exit code 0xFFFFFFFF (-1)" for a negative one, which Windows keeps as 32 bits.
func ExitCodeText(code int) string {
	if name := ntstatusName(code); name != "" {
		return fmt.Sprintf("exit code 0x%08X (%s)", uint32(code), name)
	}
	switch {
	case int64(code) >= 1<<32-1<<16:
		return fmt.Sprintf("exit code 0x%08X (%d)", uint32(code), int32(uint32(code)))
	case int64(code) >= 1<<31: // as NTSTATUS and HRESULT values are known
		return fmt.Sprintf("exit code 0x%08X", uint32(code))
	}
	return fmt.Sprintf("exit code %d", code)
}

// ntstatusName explains the exit codes with which Windows, .NET and the C library end a program that crashed.
// Source: https://learn.microsoft.com/openspecs/windows_protocols/ms-erref/596a1078-e883-4972-9bbc-49e60bebca55
func ntstatusName(code int) string {
	switch uint32(code) {
	case 0xC0000005:
		return "access violation"
	case 0xC000001D:
		return "illegal instruction"
	case 0xC0000094:
		return "integer division by zero"
	case 0xC00000FD:
		return "stack overflow"
	case 0xC0000135:
		return "a DLL wasn't found"
	case 0xC000013A:
		return "ended by Ctrl+C"
	case 0xC0000142:
		return "a DLL failed to initialise: often the desktop heap is exhausted by many services of one account"
	case 0xC0000374:
		return "heap corruption"
	case 0xC0000409:
		return "it aborted itself, or its stack was overrun"
	case 0xE0434352:
		return "unhandled .NET exception"
	}
	return ""
}
