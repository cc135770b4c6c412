package wine

import "golang.org/x/sys/windows"

// running: Wine's ntdll.dll has one function more. Source: https://wiki.winehq.org/Developer_FAQ
func running() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}
