package manager

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/coreos/go-systemd/v22/daemon"
)

// serve is a systemd service of type notify.
func serve(mode, path string) int {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	switch mode {
	case "exit3":
		return 3
	case "never": // gets ready
	default:
		if err := leave(path); err != nil {
			fmt.Println(err)
			return 1
		}
		if _, err := daemon.SdNotify(false, "READY=1\nSTATUS=at "+mode); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	<-stop
	return 0
}
