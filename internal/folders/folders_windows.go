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

func installed(name string) (Folders, error) { return system(name) }

// systemConfig: no folder is a link here.
func systemConfig(string) string { return "" }

func systemNames(string) Folders { return Folders{} }
