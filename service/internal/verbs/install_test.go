package verbs

import (
	"strings"
	"testing"
)

func TestGoRunIsNotInstalled(t *testing.T) {
	// go test's binary is where go run's would be, unless it was built with -c.
	path, err := Executable()
	if strings.Contains(path, "go-build") {
		t.Errorf("%s would be installed", path)
	}
	if err != nil && !strings.Contains(err.Error(), "go build it") {
		t.Error(err)
	}
}
