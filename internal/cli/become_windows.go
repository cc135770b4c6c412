package cli

import (
	"errors"
	"os"

	"github.com/daruma-sh/daruma/internal/keeper"
)

// become runs the keeper in this process: Windows can't replace a process' image.
func become(args []string) error {
	if code, _ := Role(append([]string{keeper.Role}, args...), os.Stderr); code != 0 {
		return &exitError{code: code, silent: true, err: errors.New("the keeper ended")}
	}
	return nil
}
