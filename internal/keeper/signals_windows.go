package keeper

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/windows"
)

// acceptRequests takes the console's events for requests to stop, unless a host brings requests. Ctrl+C and Ctrl+Break are os.Interrupt to
// Go; a closed window, a logoff and a shutdown are SIGTERM, and with those Windows waits 5 s at most before it ends this process.
func (k *keeper) acceptRequests() {
	acceptCtrlC() // for the programs: whether it is ignored is inherited
	if h := k.cfg.Handle; h != nil {
		h.attach(k)
		return
	}
	ch := make(chan os.Signal, 16)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	go func() {
		for s := range ch {
			why := "Ctrl+C"
			if s == syscall.SIGTERM {
				why = "the end of the console or the session"
			}
			k.poll.Post(func() { k.stop(why) })
		}
	}()
}

// acceptCtrlC clears the flag "ignore Ctrl+C", which a process inherits and passes on to its children.
// Source: https://learn.microsoft.com/windows/console/setconsolectrlhandler
func acceptCtrlC() {
	windows.NewLazySystemDLL("kernel32.dll").NewProc("SetConsoleCtrlHandler").Call(0, 0)
}
