package manager

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/daruma-sh/daruma/service/internal/unitfile"
)

// fallbackUnit is an instance's name, which no service of daruma's can have: "shop-ensure" could be another service.
func fallbackUnit(name, suffix string) string { return "daruma-ensure@" + name + suffix }

func checkFallback(f Fallback) error { return checkSystem(Spec{Executable: f.Executable}) }

// fallbackUnits are the timer and what it starts.
func fallbackUnits(f Fallback) (timer, service unitfile.Unit) {
	timer.Add("Unit", "Description", unitfile.Text("Looks after "+f.Name))
	timer.AddTime("Timer", "OnBootSec", delayedStart)
	// Counted from the last run; a run that was slept through is made up for at once on waking.
	timer.AddTime("Timer", "OnUnitActiveSec", f.Every)
	if f.WakeToRun {
		timer.Add("Timer", "WakeSystem", "true") // CLOCK_BOOTTIME_ALARM
	}
	timer.Add("Timer", "AccuracySec", "10s")
	timer.Add("Timer", "Unit", fallbackUnit(f.Name, ".service"))
	timer.Add("Install", "WantedBy", "timers.target")

	service.Add("Unit", "Description", unitfile.Text("Starts "+f.Name+" where it should run and doesn't"))
	service.Add("Service", "Type", "oneshot")
	line := []string{unitfile.Word(f.Executable)}
	for _, argument := range f.arguments() {
		line = append(line, unitfile.Argument(argument))
	}
	service.Add("Service", "ExecStart", strings.Join(line, " "))
	service.AddTime("Service", "TimeoutStartSec", taskLimit)
	return timer, service
}

func registerTask(ctx context.Context, m Manager, f Fallback, dryRun bool) (Changes, error) {
	s, err := connect(ctx, m, "registering the fallback of", f.Name)
	if err != nil {
		return Changes{}, err
	}
	defer s.conn.Close()
	timer, service := fallbackUnits(f)
	comment := "It is the fallback of " + f.Name + ".service; install again to change it."
	files := []*planned{
		{unit: fallbackUnit(f.Name, ".service"), want: service.Text(comment)},
		{unit: fallbackUnit(f.Name, ".timer"), want: timer.Text(comment)},
	}
	changes := Changes{Outdated: true} // until something else is found
	for _, file := range files {
		if err := s.planFallback(ctx, file, &changes); err != nil {
			return Changes{}, err
		}
	}
	if state, _, err := s.unitFileState(ctx, files[1].unit); err != nil {
		return Changes{}, err
	} else if state != "enabled" {
		changes.Changed = append(changes.Changed, Change{files[1].unit, state, "enabled"})
		changes.Outdated = false
	}
	changes.Outdated = changes.Outdated && len(changes.Changed) > 0
	if dryRun || len(changes.Changed) == 0 {
		return changes, nil
	}
	return changes, s.writeFallback(ctx, files)
}

// planFallback reads the unit file that is there and adds what differs.
func (s *systemd) planFallback(ctx context.Context, file *planned, changes *Changes) error {
	if err := s.mayWrite(ctx, file.unit); err != nil {
		return err
	}
	file.path = filepath.Join(unitDir, file.unit)
	text, err := os.ReadFile(file.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.fail("reading the unit file", err)
	}
	file.have = string(text)
	if file.have == "" {
		changes.Created = true // without either of the two there is no fallback
	}
	diff := unitfile.Diff(unitfile.Parse(file.have), unitfile.Parse(file.want))
	if len(diff) > 0 && !unitfile.Untouched(file.have) {
		changes.Outdated = false
	}
	for _, d := range diff {
		d.Setting = filepath.Ext(file.unit)[1:] + "." + d.Setting // timer.Timer.OnBootSec
		changes.Changed = append(changes.Changed, Change(d))
	}
	return nil
}

func (s *systemd) writeFallback(ctx context.Context, files []*planned) error {
	if err := s.needRights(); err != nil {
		return err
	}
	for _, file := range files {
		if err := unitfile.Write(file.path, file.want); err != nil {
			return s.fail("writing the unit file", err)
		}
	}
	timer := files[1].unit
	if _, _, err := s.conn.EnableUnitFilesContext(ctx, []string{timer}, false, true); err != nil {
		return s.fail("enabling "+timer, err)
	}
	if err := s.conn.ReloadContext(ctx); err != nil { // once: see carryOut
		return s.fail("having systemd read the units", err)
	}
	// Restarted, so that a changed time counts from now on. OnBootSec may be in the past: it elapses at once, then the service
	// that was just installed is checked, which changes nothing.
	ended := make(chan string, 1)
	if _, err := s.conn.RestartUnitContext(ctx, timer, "replace", ended); err != nil {
		return s.fail("starting "+timer, err)
	}
	result, err := await(ctx, s.Manager, timer+" is starting", ended)
	if err != nil || result != "done" {
		return &Error{Op: s.op, Name: s.name, Kind: ErrFailed, Detail: fmt.Sprintf("starting %s: %s", timer, result), Cause: err}
	}
	return syncLinks()
}

func unregisterTask(ctx context.Context, m Manager, name string) (Changes, error) {
	s, err := connect(ctx, m, "removing the fallback of", name)
	if err != nil {
		return Changes{}, err
	}
	defer s.conn.Close()
	var files []*planned
	for _, suffix := range []string{".timer", ".service"} {
		file := &planned{unit: fallbackUnit(name, suffix), path: filepath.Join(unitDir, fallbackUnit(name, suffix))}
		if !exists(file.path) {
			continue
		}
		if err := s.mayWrite(ctx, file.unit); err != nil {
			return Changes{}, err
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		return Changes{}, nil
	}
	if err := s.needRights(); err != nil {
		return Changes{}, err
	}
	return s.remove(ctx, files)
}

func hasTask(_ context.Context, _ Manager, name string) (bool, error) {
	return exists(filepath.Join(unitDir, fallbackUnit(name, ".timer"))), nil
}
