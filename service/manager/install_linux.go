package manager

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/service/internal/unitfile"
)

// plan is what Install will do: files as they are and as they should be, and what is enabled.
type plan struct {
	files   []*planned
	enable  []string // units
	disable []string
	touched bool // a person changed one of the files
	changes Changes
}

// planned is one unit file.
type planned struct {
	unit, path string
	have, want string // "" is no file
}

func (p *planned) differs() bool { return p.have != p.want }

func installService(ctx context.Context, m Manager, spec Spec, dryRun bool) (Changes, error) {
	s, err := connect(ctx, m, "installing", spec.Name)
	if err != nil {
		return Changes{}, err
	}
	defer s.conn.Close()
	p, err := s.plan(ctx, spec)
	if err != nil || dryRun || p.changes.None() {
		return p.changes, err
	}
	if err := s.needRights(); err != nil {
		return Changes{}, err
	}
	if err := s.carryOut(ctx, spec, p); err != nil {
		return Changes{}, errors.Join(err, s.rollBack(context.WithoutCancel(ctx), p))
	}
	return p.changes, nil
}

func (s *systemd) plan(ctx context.Context, spec Spec) (plan, error) {
	var p plan
	if err := s.mayWrite(ctx, s.unit()); err != nil {
		return p, err
	}
	spec.Supervision.limits = s.raised(spec)
	want, remarks := serviceUnit(spec, s.version)
	service := &planned{unit: s.unit(), path: filepath.Join(unitDir, s.unit()),
		want: want.Text("Install again to change it; your own settings go to " + unitDir + "/" + s.unit() + ".d/*.conf.")}
	timer := &planned{unit: s.timer(), path: filepath.Join(unitDir, s.timer())}
	if spec.StartType == Delayed {
		if err := s.mayWrite(ctx, s.timer()); err != nil {
			return p, err
		}
		timer.want = timerUnit(spec).Text("It starts " + s.unit() + " two minutes after the system.")
	}
	p.changes.Remarks = remarks
	for _, f := range []*planned{service, timer} {
		if err := s.planFile(ctx, &p, f, spec.StartType); err != nil {
			return p, err
		}
	}
	p.changes.Created = service.have == ""
	p.changes.Outdated = !p.changes.None() && !p.changes.Created && !p.touched && len(p.enable)+len(p.disable) == 0
	return p, s.notes(ctx, &p)
}

// planFile adds what has to be done with one file.
func (s *systemd) planFile(ctx context.Context, p *plan, f *planned, start StartType) error {
	text, err := os.ReadFile(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.fail("reading the unit file", err)
	}
	f.have = string(text)
	if f.unit == s.timer() && f.want == "" && !strings.HasPrefix(f.have, unitfile.Mark) {
		return nil // somebody's own timer, or none
	}
	state, _, err := s.unitFileState(ctx, f.unit)
	if err != nil {
		return err
	}
	p.files = append(p.files, f)
	diff := unitfile.Diff(unitfile.Parse(f.have), unitfile.Parse(f.want))
	for _, d := range diff {
		if f.unit == s.timer() {
			d.Setting = "timer " + d.Setting
		}
		p.changes.Changed = append(p.changes.Changed, Change(d))
	}
	if f.have != "" && f.differs() && !unitfile.Untouched(f.have) {
		p.touched = true
	}
	if len(diff) == 0 && f.differs() {
		p.changes.Changed = append(p.changes.Changed, Change{Setting: f.path, From: "other comments or order", To: "written anew"})
	}
	enabled := state == "enabled" || state == "enabled-runtime"
	wanted := f.want != "" && (start == Automatic && f.unit == s.unit() || start == Delayed && f.unit == s.timer())
	switch {
	case wanted && !enabled:
		p.enable = append(p.enable, f.unit)
		p.changes.Changed = append(p.changes.Changed, Change{f.unit, "", "enabled"})
	case !wanted && enabled:
		p.disable = append(p.disable, f.unit)
		p.changes.Changed = append(p.changes.Changed, Change{f.unit, "enabled", ""})
	}
	return nil
}

// notes adds what the reader should know of a service that is there already.
func (s *systemd) notes(ctx context.Context, p *plan) error {
	if p.changes.Created {
		return nil
	}
	status, err := s.status(ctx)
	if errors.Is(err, ErrNotInstalled) {
		return nil // a file that systemd hasn't read yet
	} else if err != nil {
		return err
	}
	for _, path := range status.Systemd.DropInPaths {
		p.changes.remark("%s overrides the unit; daruma leaves it alone", path)
	}
	if status.PID != 0 && !p.changes.None() {
		p.changes.remark("%s runs with the settings it was started with until it is restarted", s.name)
	}
	return nil
}

// mayWrite refuses to replace or to hide a unit that isn't daruma's.
func (s *systemd) mayWrite(ctx context.Context, unit string) error {
	if s.Overwrite {
		return nil
	}
	_, path, err := s.unitFileState(ctx, unit)
	if err != nil || path == "" {
		return err
	}
	text, err := os.ReadFile(path)
	if err == nil && filepath.Dir(path) == unitDir && strings.HasPrefix(string(text), unitfile.Mark) {
		return nil
	}
	if target, err := os.Readlink(path); err == nil && target == os.DevNull {
		return &Error{Op: s.op, Name: s.name, Kind: ErrForeign, Detail: path + " masks it", Remedy: "systemctl unmask " + unit}
	}
	return &Error{Op: s.op, Name: s.name, Kind: ErrForeign, Detail: path + " is there already",
		Remedy: "choose another name, or allow to overwrite it"}
}

// carryOut writes the files, makes their links, has systemd read all of it once, and checks what it has read. Once, because a reload reads the
// units of the whole machine: with hundreds of services it is what an installation takes its time for.
func (s *systemd) carryOut(ctx context.Context, spec Spec, p plan) error {
	// Links that go before the files: systemd finds them by the [Install] section of the file that is about to change.
	if len(p.disable) > 0 {
		if _, err := s.conn.DisableUnitFilesContext(ctx, p.disable, false); err != nil {
			return s.fail("disabling "+strings.Join(p.disable, " "), err)
		}
	}
	for _, f := range p.files {
		if !f.differs() {
			continue
		}
		if err := unitfile.Write(f.path, f.want); err != nil {
			return s.fail("writing the unit file", err)
		}
	}
	if len(p.enable) > 0 {
		// With force it replaces a link that an older unit of this name left.
		if _, _, err := s.conn.EnableUnitFilesContext(ctx, p.enable, false, true); err != nil {
			return s.fail("enabling "+strings.Join(p.enable, " "), err)
		}
	}
	if err := s.conn.ReloadContext(ctx); err != nil {
		return s.fail("having systemd read the unit", err)
	}
	if err := s.readBack(ctx, spec); err != nil {
		return err
	}
	return syncLinks()
}

// rollBack restores the files and the links. An error lists what couldn't be restored.
func (s *systemd) rollBack(ctx context.Context, p plan) error {
	var errs []error
	for _, f := range p.files {
		if slices.Contains(p.enable, f.unit) && exists(f.path) { // before the file goes, as in carryOut
			_, err := s.conn.DisableUnitFilesContext(ctx, []string{f.unit}, false)
			errs = append(errs, err)
		}
		if f.differs() {
			errs = append(errs, unitfile.Write(f.path, f.have))
		}
	}
	if enabled := slices.DeleteFunc(slices.Clone(p.disable), func(string) bool { return p.changes.Created }); len(enabled) > 0 {
		_, _, err := s.conn.EnableUnitFilesContext(ctx, enabled, false, true)
		errs = append(errs, err)
	}
	errs = append(errs, s.conn.ReloadContext(ctx))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("and going back to the state before failed, too: %w", err)
	}
	return nil
}
