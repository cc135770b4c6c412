package folders

import (
	"errors"
	"os"
	"path/filepath"
)

func system(name string) (Folders, error) {
	data := os.Getenv("ProgramData")
	if data == "" {
		return Folders{}, errors.New("the environment variable ProgramData is empty; set DARUMA_HOME")
	}
	return under(filepath.Join(data, "daruma", name)), nil
}
