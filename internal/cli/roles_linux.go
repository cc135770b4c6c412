package cli

// systemRole runs a process that only this system needs; here there is none.
func systemRole([]string) (code int, ok bool) { return 0, false }
