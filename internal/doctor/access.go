package doctor

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/namedfiles"
	"github.com/daruma-sh/daruma/service/manager"
)

// checkAccess goes by the rules that install refuses by.
func checkAccess(_ context.Context, s *subject) {
	for _, file := range []struct{ what, path string }{{"executable", s.executable}, {"definition", s.definition}} {
		if file.path != "" && filepath.IsAbs(file.path) && s.safe(file.what, access.Exposed(file.path)) {
			s.ok("only administrators can change the %s", file.what)
		}
	}
	s.checkNamedFiles()
	account := s.account()
	if err := access.Unreachable(s.executable, account, true); err != nil {
		s.add(Fail, err.Error(), "")
	} else if err := access.Unreachable(s.definition, account, false, s.groups()...); s.definition != "" && err != nil {
		s.add(Fail, err.Error(), "")
	}
	changes, err := access.Protect(s.name, access.PlacesOf(s.place), true)
	s.reportFolders(changes, err)
}

// safe reports who could change what the words say, by an answer of package access; true: nobody.
func (s *subject) safe(what string, err error) bool {
	var exposed *access.ExposedError
	switch {
	case errors.As(err, &exposed):
		s.add(Fail, exposed.Where+" isn't safe, the "+what+" depends on it: "+exposed.Who+" "+exposed.What, exposed.Remedy)
	case err != nil:
		s.skip("who may change the %s isn't known: %v", what, err)
	}
	return err == nil
}

// checkNamedFiles looks at what the definition names. Whether it can be taken at all is another check's business.
func (s *subject) checkNamedFiles() {
	if s.record == nil || s.definition == "" {
		return
	}
	def, err := install.Load(s.definition, s.record.Spec.Env)
	if err != nil {
		return
	}
	def.Account = s.record.Spec.Account
	all := true
	path, _ := install.Environment(s.record.Spec.Env)("PATH")
	files := namedfiles.Files(def, path)
	for i := range files {
		if f := &files[i]; f.Field != "" && f.Missing == nil {
			all = s.safe(f.Field, f.Exposed()) && all
		}
	}
	if all {
		s.ok("only administrators can change the files that the definition names")
	}
}

// account is who the service runs as, in the definition's words; "" where no record says so.
func (s *subject) account() string {
	if s.record != nil {
		return s.record.Spec.Account
	}
	return ""
}

// groups are those that the service is in beside its account's.
func (s *subject) groups() []string {
	if s.record != nil {
		return s.record.Spec.Supervision.Groups
	}
	return nil
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
