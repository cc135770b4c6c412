package manager

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/windows/svc"
)

// serve is a Windows service.
func serve(mode, path string) int {
	if err := svc.Run("", handler{mode, path}); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

type handler struct{ mode, path string }

// Execute is the service, called by the dispatcher.
func (h handler) Execute(_ []string, controls <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
	status <- svc.Status{State: svc.StartPending, CheckPoint: 3, WaitHint: 20000}
	switch h.mode {
	case "exit3":
		return true, 3
	case "gate": // isn't ready, and accepts nothing, until it is let in
		for !exists(h.path + ".open") {
			time.Sleep(20 * time.Millisecond) // sleep: Windows tells of a new file only through its folder's own notifications
		}
	}
	if err := leave(h.path); err != nil {
		return true, 4
	}
	status <- svc.Status{State: svc.Running, Accepts: svc.AcceptStop}
	for c := range controls {
		switch c.Cmd {
		case svc.Interrogate:
			status <- c.CurrentStatus
		case svc.Stop:
			status <- svc.Status{State: svc.StopPending}
			return false, 0
		}
	}
	return true, 5
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
