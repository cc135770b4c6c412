package doctor

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/service/manager"
)

// checkAccess goes by the rules that install refuses by.
func checkAccess(_ context.Context, s *subject) {
	for _, file := range []struct{ what, path string }{{"executable", s.executable}, {"definition", s.definition}} {
		what, path := file.what, file.path
		if path == "" || !filepath.IsAbs(path) {
			continue
		}
		var exposed *access.ExposedError
		switch err := access.Exposed(path); {
		case errors.As(err, &exposed):
			s.add(Fail, exposed.Where+" isn't safe, the "+what+" depends on it: "+exposed.Who+" "+exposed.What, exposed.Remedy)
		case err != nil:
			s.skip("who may write to %s isn't known: %v", path, err)
		default:
			s.ok("only administrators can change the %s", what)
		}
	}
	account := s.account()
	if err := access.Unreachable(s.executable, account, true); err != nil {
		s.add(Fail, err.Error(), "")
	} else if err := access.Unreachable(s.definition, account, false); s.definition != "" && err != nil {
		s.add(Fail, err.Error(), "")
	}
	changes, err := access.Protect(s.name, access.PlacesOf(s.place), true)
	s.reportFolders(changes, err)
}

// account is who the service runs as, in the definition's words; "" where no record says so.
func (s *subject) account() string {
	if s.record != nil {
		return s.record.Spec.Account
	}
	return ""
}

// reportFolders takes what install would change of the access to the service's folders.
func (s *subject) reportFolders(changes []manager.Change, err error) {
	switch {
	case err != nil:
		s.skip("the access to its folders can't be looked at: %v", err)
	case len(changes) == 0:
		s.ok("its folders have the access that install gives them")
	}
	for _, c := range changes {
		s.add(Warn, "its folders don't have the access that install gives them: "+c.String(), "daruma install FILE")
	}
}
