package access

import (
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/folders"
)

// PlacesOf says where a service's folders are, as Protect wants it, for install and for doctor alike. What DARUMA_HOME names is
// somebody's own: the folder above the service's isn't daruma's to protect there.
func PlacesOf(f folders.Folders) Places {
	p := Places{Config: f.Config, State: f.State, Logs: f.Logs, Run: f.Run}
	p.Service = filepath.Dir(f.State)
	if os.Getenv("DARUMA_HOME") == "" {
		p.Root = filepath.Dir(p.Service)
	}
	return p
}
