package doctor

import (
	"errors"
	"testing"
)

func TestFastStartup(t *testing.T) {
	for name, c := range map[string]struct {
		on   bool
		err  error
		want string
	}{
		"off":     {false, nil, "ok Fast Startup is off"},
		"on":      {true, nil, "warn Fast Startup is on"},
		"unknown": {false, errors.New("no rights"), "skip can't be read: no rights"},
	} {
		var s subject
		s.reportFastStartup(c.on, c.err)
		finds(t, name, s.findings, c.want)
	}
	if _, err := hiberboot(); err != nil { // the value is missing on Wine and on Windows Server: off
		t.Error(err)
	}
}
