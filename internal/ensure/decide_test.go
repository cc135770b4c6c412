package ensure

import (
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/wanted"
	"github.com/daruma-sh/daruma/service/manager"
)

func scm(state manager.State, code uint32) manager.Status {
	return manager.Status{State: state, SCM: &manager.SCM{Win32ExitCode: code}}
}

func unit(state manager.State, since bool, result string) manager.Status {
	s := manager.Status{State: state, Systemd: &manager.Systemd{Result: result}}
	if since {
		s.Since = time.Unix(1, 0)
	}
	return s
}

func TestDecide(t *testing.T) {
	no, yes := &wanted.State{Why: "sc stop", At: time.Unix(0, 0)}, &wanted.State{Wanted: true, At: time.Unix(0, 0)}
	automatic, manual := manager.Automatic, manager.Manual
	with := func(s manager.Status, start manager.StartType) manager.Status { s.StartType = start; return s }
	for name, c := range map[string]struct {
		facts Facts
		want  Action
		words string
	}{
		"runs":                         {Facts{Status: scm(manager.Running, 0)}, Fine, "runs"},
		"reloads":                      {Facts{Status: unit(manager.Reloading, true, "success")}, Fine, "runs"},
		"runs, unwanted":               {Facts{Status: scm(manager.Running, 0), Wanted: no}, Fine, "runs"},
		"paused":                       {Facts{Status: scm(manager.Paused, 0), Wanted: yes}, Leave, "paused"},
		"starting":                     {Facts{Status: scm(manager.Starting, 0)}, Await, "starting"},
		"stopping":                     {Facts{Status: scm(manager.Stopping, 0)}, Await, "stopping"},
		"auto-restart":                 {Facts{Status: unit(manager.Restarting, true, "signal")}, Await, "restarting"},
		"sc stop":                      {Facts{Status: scm(manager.Stopped, 0)}, Leave, "on purpose"},
		"sc stop, noted":               {Facts{Status: scm(manager.Stopped, 0), Wanted: no}, Leave, "sc stop"},
		"note was lost":                {Facts{Status: scm(manager.Stopped, 0), Wanted: yes}, Leave, "on purpose"}, // the SCM's word is enough
		"died":                         {Facts{Status: scm(manager.Failed, 1067)}, Start, "died"},
		"died, wanted":                 {Facts{Status: scm(manager.Failed, 1067), Wanted: yes}, Start, "died"},
		"ended by force":               {Facts{Status: scm(manager.Failed, 1067), Wanted: no}, Leave, "sc stop"}, // a stop that didn't get through
		"error":                        {Facts{Status: scm(manager.Failed, 1066)}, Start, "service-specific"},
		"couldn't log on":              {Facts{Status: scm(manager.Failed, 1069)}, Start, "1069"},
		"not since boot":               {Facts{Status: scm(manager.Stopped, 1077), Uptime: time.Hour}, Start, "boot"},
		"just booted":                  {Facts{Status: scm(manager.Stopped, 1077), Uptime: 10 * time.Second}, Await, "10s"},
		"delayed":                      {Facts{Status: with(scm(manager.Stopped, 1077), manager.Delayed), Uptime: 3 * time.Minute}, Await, "delayed"},
		"delayed, late":                {Facts{Status: with(scm(manager.Stopped, 1077), manager.Delayed), Uptime: 5 * time.Minute}, Start, "boot"},
		"installed":                    {Facts{Status: scm(manager.Stopped, 1077), Uptime: time.Hour, Wanted: no}, Leave, "on purpose"},
		"disabled":                     {Facts{Status: with(scm(manager.Stopped, 1077), manager.Disabled), Uptime: time.Hour}, Leave, "disabled"},
		"disabled since":               {Facts{Status: with(scm(manager.Failed, 1067), manager.Disabled), Installed: &automatic}, Enable, "automatic"},
		"meant manual":                 {Facts{Status: with(scm(manager.Stopped, 1077), manager.Manual), Installed: &manual}, Leave, "manual"},
		"manual, fell":                 {Facts{Status: with(scm(manager.Failed, 1067), manager.Manual), Installed: &manual, Wanted: yes}, Start, "died"},
		"manual, stopped":              {Facts{Status: with(scm(manager.Failed, 1067), manager.Manual), Installed: &manual, Wanted: no}, Leave, "on purpose"},
		"disabled, stopped on purpose": {Facts{Status: with(scm(manager.Stopped, 0), manager.Disabled), Installed: &automatic, Wanted: no}, Leave, "on purpose"},
		"unit stopped":                 {Facts{Status: unit(manager.Stopped, true, "success")}, Leave, "on purpose"},
		"unit failed":                  {Facts{Status: unit(manager.Failed, true, "exit-code")}, Start, "exit-code"},
		"unit failed while stopping":   {Facts{Status: unit(manager.Failed, true, "timeout"), Wanted: no}, Leave, "on purpose"},
		"unit not since boot":          {Facts{Status: unit(manager.Stopped, false, "success"), Uptime: time.Hour}, Start, "boot"},
		"unit just booted":             {Facts{Status: unit(manager.Stopped, false, "success"), Uptime: time.Second}, Await, "1s"},
	} {
		got, why := Decide(c.facts)
		if got != c.want || !strings.Contains(why, c.words) {
			t.Errorf("%s: %s, %q; want %s, …%s…", name, got, why, c.want, c.words)
		}
	}
}

// TestPending: systemd says itself whether it will restart; the SCM is given its time.
func TestPending(t *testing.T) {
	if !pending(Start, scm(manager.Failed, 1067)) || pending(Start, unit(manager.Failed, true, "signal")) ||
		!pending(Await, unit(manager.Restarting, true, "signal")) || pending(Start, scm(manager.Stopped, 1077)) || pending(Fine, scm(manager.Running, 0)) {
		t.Error("waits for the wrong things")
	}
}
