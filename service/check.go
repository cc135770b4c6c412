package service

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// How long a service may take where Service doesn't set it.
const (
	defaultStart = 90 * time.Second // systemd-system.conf(5), DefaultTimeoutStartSec=
	defaultStop  = 30 * time.Second // Kubernetes' terminationGracePeriodSeconds
)

// maxName: the Service Control Manager takes 256, but the name also becomes a file's and an event source's.
const maxName = 80

// check gives everything that is wrong with the service's description, as one error.
func (s Service) check() error {
	var wrong []error
	if err := checkName(s.Name); err != nil {
		wrong = append(wrong, err)
	}
	if s.Run == nil {
		wrong = append(wrong, errors.New("daruma: Service.Run is nil: set it to the function that is the service"))
	}
	if (s.OnPause == nil) != (s.OnContinue == nil) {
		wrong = append(wrong, errors.New("daruma: Service.OnPause and OnContinue go together: a service that pauses must be able to continue"))
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{{"StartTimeout", s.StartTimeout}, {"StopTimeout", s.StopTimeout}, {"Watchdog", s.Watchdog}} {
		if d.value > 0 && d.value < time.Millisecond {
			wrong = append(wrong, fmt.Errorf("daruma: Service.%s is %v: write %d*time.Second if seconds were meant", d.field, d.value, d.value))
		}
		if d.value < 0 && d.field != "Watchdog" {
			wrong = append(wrong, fmt.Errorf("daruma: Service.%s must not be negative, is %v: leave it 0 for the default", d.field, d.value))
		}
	}
	if dir := s.Install.WorkingDir; dir != "" && !filepath.IsAbs(dir) {
		wrong = append(wrong, fmt.Errorf("daruma: Service.Install.WorkingDir %q isn't an absolute path", dir))
	}
	return errors.Join(wrong...)
}

func checkName(name string) error {
	allowed := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c)
	}
	switch {
	case name == "":
		return errors.New("daruma: Service.Name is empty: give the service a name")
	case len(name) > maxName:
		return fmt.Errorf("daruma: Service.Name has %d characters, at most %d", len(name), maxName)
	case strings.ContainsFunc(name, func(c rune) bool { return !allowed(c) }) || strings.ContainsAny(name[:1], "._-"):
		return fmt.Errorf("daruma: Service.Name %q: use letters, digits, '.', '_' and '-', and begin with a letter or digit", name)
	}
	return nil
}

func (s Service) withDefaults() Service {
	s.DisplayName = cmp.Or(s.DisplayName, s.Name)
	s.StartTimeout = cmp.Or(s.StartTimeout, defaultStart)
	s.StopTimeout = cmp.Or(s.StopTimeout, defaultStop)
	return s
}
