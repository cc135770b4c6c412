package access

import (
	"fmt"
	"os"

	"github.com/daruma-sh/daruma/internal/folders"
)

func makeFolders(_ string, f folders.Folders, _ Distrust) error {
	for _, dir := range []string{f.State, f.Logs, f.Run} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("creating %s: %w (set DARUMA_HOME to a folder you can write)", dir, err)
		}
	}
	return nil
}
