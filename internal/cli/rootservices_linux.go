package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// rootServicesHint says that root's services are in other folders than this user's, where the service may be one of them.
func rootServicesHint(service string) string {
	if os.Geteuid() == 0 || os.Getenv("DARUMA_HOME") != "" {
		return ""
	}
	_, err := os.Lstat(filepath.Join("/run/daruma", service))
	if err == nil || errors.Is(err, fs.ErrPermission) {
		return "; services of the system belong to root: use sudo"
	}
	return ""
}
