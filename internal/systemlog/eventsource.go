package systemlog

// RegisterEventSource makes name a source of the Application log, whose events' texts are in exe (daruma.exe, absolute) and, for
// ids up to 1000, in Windows' own EventCreate.exe. Doing it again is no error and sets what has changed. Linux: nothing to do.
//
// The Event Log service and Event Viewer keep the file open from the first event that they show: it can't be overwritten or deleted
// then, but renamed. An upgrade therefore renames the old file away, puts the new one in its place under the same path, and needs no
// new registration; open viewers show the old texts until they are closed.
//
// Errors: ErrInvalid (a path with a semicolon, or one that changes when variables in it are expanded), ErrRights, ErrForeign (another
// program's source, or one of another log). Source of the values: learn.microsoft.com/windows/win32/eventlog/event-sources
func RegisterEventSource(name, exe string) error { return registerEventSource(name, exe) }

// UnregisterEventSource removes the source. Events of the past stay, and read "description cannot be found" from then on. One that isn't
// there is no error. Linux: nothing to do. Errors: ErrRights, ErrForeign.
func UnregisterEventSource(name string) error { return unregisterEventSource(name) }

// CheckEventSource says what is wrong with the event source, each as a sentence with the remedy: it isn't registered, its message file
// isn't there, it is another daruma's. None: all is well. It needs no rights. Linux: always none. Errors: the registry can't be read.
func CheckEventSource(name, exe string) (problems []string, err error) {
	return checkEventSource(name, exe)
}
