package service

import "golang.org/x/sys/windows"

// watchConsole has handler called on a thread of its own for each of the console's events, until the function that it
// returns is called. Package os/signal isn't used: it can't tell CTRL_SHUTDOWN_EVENT from CTRL_CLOSE_EVENT, and its
// goroutine stays.
func watchConsole(handler func(event uint32) uintptr) (end func()) {
	set := windows.NewLazySystemDLL("kernel32.dll").NewProc("SetConsoleCtrlHandler")
	callback := windows.NewCallback(handler)
	const add, remove = 1, 0
	_, _, _ = set.Call(callback, add) // fails for want of memory alone
	return func() { _, _, _ = set.Call(callback, remove) }
}

// consoleEvent is the handler of a program in a console.
func consoleEvent(mail *mailbox, event uint32) uintptr {
	reason, fatal := ConsoleClose, true
	switch event {
	case windows.CTRL_C_EVENT, windows.CTRL_BREAK_EVENT:
		reason, fatal = Interrupt, false
	case windows.CTRL_LOGOFF_EVENT:
		reason = Logoff
	case windows.CTRL_SHUTDOWN_EVENT:
		reason = Shutdown
	}
	mail.post(stopMessage(reason))
	if fatal {
		// Windows ends the process when this returns. It does so anyway, but some seconds later.
		<-make(chan struct{})
	}
	return 1
}
