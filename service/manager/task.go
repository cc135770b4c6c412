package manager

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Fallback is the last line of defence: something outside of the service manager that runs `daruma ensure NAME` now and then,
// and whenever there is a reason. Windows: a task of the Task Scheduler, \daruma\NAME. Linux: daruma-ensure@NAME.timer with
// its service.
type Fallback struct {
	Name        string        `json:"name"`           // of the service
	DisplayName string        `json:"displayName"`    // Windows: what the SCM's events call it; Name where empty
	Executable  string        `json:"executable"`     // daruma's, absolute. Windows: at most 258 characters, without %
	Every       time.Duration `json:"every"`          // 1 minute to 31 days, whole seconds; 0: 5 minutes
	WakeToRun   bool          `json:"wakeToRun"`      // the machine is woken from sleep for it: each time
	Patience    time.Duration `json:"patience"`       // what the service manager's own restart may take before ensure acts
	Home        string        `json:"home,omitempty"` // DARUMA_HOME of the service, where it has one: a task gets no environment
}

const (
	defaultEvery = 5 * time.Minute
	minEvery     = time.Minute         // Repetition.Interval of the schema: PT1M …
	maxEvery     = 31 * 24 * time.Hour // … to P31D
)

// RegisterTask registers the fallback, or changes what differs from it, and reads it back. Errors: ErrInvalid, ErrRights,
// ErrForeign (Linux: units of these names that aren't daruma's), ErrUnsupported.
func (m Manager) RegisterTask(ctx context.Context, f Fallback) (Changes, error) {
	return m.task(ctx, f, false)
}

// PlanTask lists what RegisterTask would change, and changes nothing.
func (m Manager) PlanTask(ctx context.Context, f Fallback) (Changes, error) {
	return m.task(ctx, f, true)
}

func (m Manager) task(ctx context.Context, f Fallback, dryRun bool) (Changes, error) {
	if f.Every == 0 {
		f.Every = defaultEvery
	}
	if f.DisplayName == "" {
		f.DisplayName = f.Name
	}
	if err := f.check(); err != nil {
		return Changes{}, &Error{Op: "registering the fallback of", Name: f.Name, Kind: ErrInvalid, Cause: err}
	}
	return registerTask(ctx, m, f, dryRun)
}

// HasTask reports whether the service called name has a fallback. Errors: ErrInvalid, ErrUnsupported.
func (m Manager) HasTask(ctx context.Context, name string) (bool, error) {
	return hasTask(ctx, m, name)
}

// UnregisterTask removes the fallback of the service called name. Where there is none, nothing is changed, without an error.
// Errors: ErrInvalid, ErrRights, ErrForeign (Linux), ErrUnsupported.
func (m Manager) UnregisterTask(ctx context.Context, name string) (Changes, error) {
	return unregisterTask(ctx, m, name)
}

func (f Fallback) check() error {
	if err := checkTaskName(f.Name); err != nil {
		return err
	}
	if !filepath.IsAbs(f.Executable) {
		return fmt.Errorf("executable %q isn't an absolute path", f.Executable)
	}
	if !utf8.ValidString(f.Executable) || hasControl(f.Executable) {
		return fmt.Errorf("executable %q: no control characters and valid UTF-8, please", f.Executable)
	}
	if f.Every < minEvery || f.Every > maxEvery || f.Every%time.Second != 0 {
		return fmt.Errorf("every %v: give whole seconds, 1 minute to 31 days", f.Every)
	}
	if f.Patience < 0 || f.Patience > time.Hour {
		return fmt.Errorf("patience %v: give 0 to 1 hour", f.Patience)
	}
	if f.Home != "" && (!filepath.IsAbs(f.Home) || hasControl(f.Home) || strings.ContainsAny(f.Home, `"%$`)) {
		return fmt.Errorf(`home %q: give an absolute path without " %% $`, f.Home)
	}
	return checkFallback(f)
}

// checkTaskName takes what both the service managers and the Task Scheduler take: a task's name is a file's name, and in a
// task's command line %NAME% and $(Name) are replaced by something else (IExecAction).
func checkTaskName(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if strings.ContainsAny(name, `\/:*?"<>|%$`) || strings.HasSuffix(name, ".") {
		return fmt.Errorf(`service name %q: a fallback can't be made for one with \ / : * ? " < > | %% $ or a dot at its end`, name)
	}
	return nil
}

// checkTaskPath: pathType of the schema takes 260 characters, of which the quotes need two.
func checkTaskPath(path string) error {
	if n := len(utf16.Encode([]rune(path))); n > 258 {
		return fmt.Errorf("executable of %d characters: the Task Scheduler takes 258; move it to a shorter path", n)
	}
	if strings.ContainsAny(path, `"%`) {
		return errors.New(`executable: the Task Scheduler replaces what is between % in a path; move it to a path without`)
	}
	return nil
}

// arguments are those of the process that the fallback starts.
func (f Fallback) arguments() []string {
	list := []string{"ensure", f.Name}
	if f.Patience > 0 {
		list = append(list, "--patience", f.Patience.String())
	}
	if f.Home != "" {
		list = append(list, "--home", f.Home)
	}
	return list
}

// quoteArgument quotes one argument as CommandLineToArgvW and Go's runtime read it (learn: Parsing C++ command-line arguments).
func quoteArgument(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n\v\"") {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	slashes := 0
	for _, r := range s {
		switch r {
		case '\\':
			slashes++
			continue
		case '"':
			b.WriteString(strings.Repeat(`\`, 2*slashes+1))
		default:
			b.WriteString(strings.Repeat(`\`, slashes))
		}
		slashes = 0
		b.WriteRune(r)
	}
	b.WriteString(strings.Repeat(`\`, 2*slashes))
	b.WriteByte('"')
	return b.String()
}
