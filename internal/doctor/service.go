package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/service/manager"
)

// checkService: it is there, and runs where it should.
func checkService(ctx context.Context, s *subject) {
	status, err := s.services.Status(ctx, s.name)
	switch {
	case errors.Is(err, manager.ErrNotInstalled), errors.Is(err, manager.ErrUnsupported):
		_, askErr := s.status(ctx)
		s.reportNotInstalled(err, askErr == nil)
		return
	case err != nil:
		s.add(Fail, err.Error(), "")
		return
	}
	s.ok("installed, start type %s", status.StartType)
	intended := status.StartType
	if s.record != nil {
		intended = s.record.Spec.StartType
	}
	atBoot := func(t manager.StartType) bool { return t == manager.Automatic || t == manager.Delayed }
	automatic := atBoot(intended)
	switch {
	case automatic && !atBoot(status.StartType):
		s.add(Fail, "it was installed with start type "+intended.String()+" and has "+status.StartType.String()+": it won't come up at boot",
			"daruma ensure "+s.name+" --enable")
	case status.State == manager.Failed:
		s.add(Fail, "it isn't running: "+status.Outcome(), "daruma logs "+s.name+"; daruma ensure "+s.name)
	case !status.Up() && automatic:
		s.add(Warn, "it isn't running: it is "+string(status.State), "daruma ensure "+s.name+" says why, or starts it")
	default:
		s.ok("it is %s", status.State)
	}
}

// reportNotInstalled: it may run all the same, by daruma run in a terminal or as the program of a container.
func (s *subject) reportNotInstalled(why error, runs bool) {
	const run = "it runs by daruma run: "
	switch unsupported := errors.Is(why, manager.ErrUnsupported); {
	case unsupported && runs:
		s.skip(run+"whoever started that has to see that it comes back, because %v", why)
	case unsupported:
		s.add(Fail, "it doesn't run, and can't be installed: "+why.Error(), "daruma run FILE")
	case runs:
		s.add(Warn, run+"nothing starts it at boot", "daruma install FILE")
	default:
		s.add(Fail, "there is no service of this name", "daruma install FILE; daruma status lists what is known")
	}
}

func checkCommand(_ context.Context, s *subject) {
	const again = "daruma install FILE, from where daruma is now"
	switch info, err := os.Stat(s.executable); {
	case s.executable == "":
		s.add(Fail, "it runs nothing: "+s.registered.CommandLine, again)
	case err != nil:
		s.add(Fail, "its executable isn't there: "+err.Error(), again)
	case info.IsDir():
		s.add(Fail, s.executable+" is a folder", again)
	case !filepath.IsAbs(s.executable):
		s.add(Fail, "the path of its executable isn't absolute: "+s.executable, again)
	default:
		s.ok("it runs %s", s.executable)
	}
	if s.registered.Unquoted {
		s.add(Fail, "its path has spaces and no quotes, so that Windows looks for another program first: "+s.registered.CommandLine,
			"daruma ensure "+s.name+" --repair, or daruma install FILE")
	}
}

func checkDefinition(ctx context.Context, s *subject) {
	if s.definition == "" {
		s.skip("the service isn't run by daruma host, so it has no definition")
		return
	}
	var own []string
	if s.record != nil {
		own = s.record.Spec.Env
	}
	def, err := install.Load(s.definition, own)
	if err == nil {
		for _, missing := range install.MissingDependencies(ctx, s.services, def) {
			s.add(missingDependency, missing, "name the right service in dependsOn, or install it")
		}
		for _, unknown := range readers.Unknown(def.Control.Readers) {
			s.add(Warn, unknown, "then daruma reload "+s.name)
		}
		if s.record != nil && def.Name == s.name {
			_, err = install.Judge(s.name, s.definition, *s.record, install.BoundsOf(*s.registered))
		}
	}
	switch {
	case err != nil:
		s.add(Fail, err.Error(), "mend it; daruma check "+s.definition+" says when it is right")
	case def.Name != s.name:
		s.add(Fail, s.definition+" is of the service "+def.Name, "daruma install "+s.definition)
	default:
		checkLoaded(ctx, s)
	}
}

// checkLoaded asks the running supervisor, which has the service's account and environment, what it thinks of the file.
func checkLoaded(ctx context.Context, s *subject) {
	status, err := s.status(ctx)
	switch {
	case err == nil && status.Definition == control.DefinitionChanged:
		s.add(Warn, s.definition+" was changed since the running service loaded it", "daruma reload "+s.name)
	case err == nil && len(status.DefinitionErrors) > 0:
		s.add(Fail, "the running service refuses it, and goes on with the last good one: "+status.DefinitionErrors[0],
			"mend "+s.definition+", then daruma reload "+s.name)
	default:
		s.ok("%s is right", s.definition)
	}
}

// checkWarnings passes on what the running supervisor warns of: a log that can't be written, a full disk, too few open files. What it says of
// the definition is checkDefinition's.
func checkWarnings(ctx context.Context, s *subject) {
	status, err := s.status(ctx)
	if err != nil && s.registered == nil {
		return // checkService has said it
	}
	if err != nil {
		s.skip("the supervisor doesn't answer: %v", err)
		return
	}
	s.reportWarnings(status.Warnings)
}

func (s *subject) reportWarnings(warnings []string) {
	found := false
	for _, w := range warnings {
		if !strings.HasPrefix(w, control.DefinitionWarning) {
			next := "daruma status " + s.name + " shows when it is over"
			if strings.HasPrefix(w, control.ReplacedWarning) {
				next = "daruma restart " + s.name
			}
			s.add(Warn, w, next)
			found = true
		}
	}
	if !found {
		s.ok("the running supervisor warns of nothing")
	}
}

// status asks the supervisor once for all checks.
func (s *subject) status(ctx context.Context) (control.Status, error) {
	if s.asked {
		return s.answer, s.answerErr
	}
	s.asked = true
	ctx, cancel := context.WithTimeout(ctx, 6*time.Second) // the supervisor's own limit is 5 s
	defer cancel()
	client, err := control.Dial(s.name)
	if err == nil {
		s.answer, err = client.Status(ctx)
	}
	s.answerErr = err
	return s.answer, err
}
