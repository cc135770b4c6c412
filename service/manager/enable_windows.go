package manager

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sys/windows"
)

func enableService(_ context.Context, m Manager, name string, start StartType) error {
	s, err := openService(m, "enabling", name, windows.SERVICE_QUERY_CONFIG|windows.SERVICE_CHANGE_CONFIG)
	if err != nil {
		return err
	}
	defer s.close()
	// change writes the dependencies along, see there: those that are set.
	list, err := s.dependencySetting().read()
	if err != nil {
		return s.fail("reading its dependencies", err)
	}
	if list != "" {
		s.dependsOn = strings.Split(list, ", ")
	}
	row := s.startSetting(start)
	if err := row.write(); err != nil && !s.lacks(err) {
		return s.fail(fmt.Sprintf("setting %s to %q", row.name, row.want), err)
	}
	now, err := row.read()
	if err != nil {
		return s.fail("reading "+row.name, err)
	}
	if now != row.want {
		return &Error{Op: s.op, Name: name, Kind: ErrFailed, Detail: fmt.Sprintf("%s was set to %q but reads %q", row.name, row.want, now)}
	}
	return nil
}
