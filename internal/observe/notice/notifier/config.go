// Package notifier is the observer's part that tells people what happens: it follows the services (package watch), keeps what is to be told
// (package queue) and sends it to the channels (packages delivery and channel).
package notifier

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/observe/notice/channel"
)

// Config is `notices:` of observe.yaml.
type Config struct {
	Language string             `yaml:"language,omitempty"` // en (default) or zh
	Machine  string             `yaml:"machine,omitempty"`  // the name that messages give this machine; default: its host name
	Kinds    []string           `yaml:"kinds,omitempty"`    // what is told; default: everything
	Channels map[string]Channel `yaml:"channels"`           // by a name of one's own, which appears in the observer's log
}

// Channel is one entry of channels: where to, and what of it.
type Channel struct {
	channel.Config `yaml:",inline"`

	Language string   `yaml:"language,omitempty"` // default: that of notices
	Kinds    []string `yaml:"kinds,omitempty"`    // default: those of notices
	Services []string `yaml:"services,omitempty"` // default: all that are seen
}

// destination is a channel that is ready for use.
type destination struct {
	name     string
	channel  channel.Channel
	language notice.Language
	kinds    []notice.Kind
	services []string // nil: all
}

// wants tells whether the channel is to have the notice.
func (d *destination) wants(n *notice.Notice) bool {
	if n.Kind == notice.Test {
		return true
	}
	if d.services != nil && n.Service != "" && !slices.Contains(d.services, n.Service) {
		return false
	}
	return slices.Contains(d.kinds, n.Kind)
}

var channelName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// open makes the channels. All that is wrong is in the error, a line each, with the field it is about. Relative files are looked for in
// folder.
func (c *Config) open(folder string) ([]destination, error) {
	var errs []error
	fail := func(field string, err error) { errs = append(errs, fmt.Errorf("notices.%s%w", field, err)) }
	language, err := languageOf(c.Language, notice.English)
	if err != nil {
		fail("", err)
	}
	kinds, err := kindsOf(c.Kinds, notice.Kinds())
	if err != nil {
		fail("", err)
	}
	if len(c.Channels) == 0 {
		fail("channels", errors.New(": is missing: where to send notices"))
	}
	var list []destination
	for _, name := range slices.Sorted(maps.Keys(c.Channels)) {
		at, entry := "channels."+name+".", c.Channels[name]
		if !channelName.MatchString(name) {
			fail("channels", fmt.Errorf(": the name %q must consist of letters, digits, - and _", name))
			continue
		}
		d := destination{name: name, services: entry.Services}
		if d.language, err = languageOf(entry.Language, language); err != nil {
			fail(at, err)
		}
		if d.kinds, err = kindsOf(entry.Kinds, kinds); err != nil {
			fail(at, err)
		}
		var problems []error
		d.channel, problems = channel.New(entry.Config, folder)
		for _, p := range problems {
			fail(at, p)
		}
		list = append(list, d)
	}
	return list, errors.Join(errs...)
}

func languageOf(s string, otherwise notice.Language) (notice.Language, error) {
	switch l := notice.Language(s); l {
	case "":
		return otherwise, nil
	case notice.English, notice.Chinese:
		return l, nil
	}
	return "", fmt.Errorf("language: must be en or zh, is %q", s)
}

func kindsOf(names []string, otherwise []notice.Kind) ([]notice.Kind, error) {
	if names == nil {
		return append(slices.Clone(otherwise), notice.Summary), nil
	}
	var kinds []notice.Kind
	for _, name := range names {
		if !slices.Contains(notice.Kinds(), notice.Kind(name)) {
			var known []string
			for _, k := range notice.Kinds() {
				known = append(known, string(k))
			}
			return nil, fmt.Errorf("kinds: there is no kind %q: they are %s", name, strings.Join(known, ", "))
		}
		kinds = append(kinds, notice.Kind(name))
	}
	return append(kinds, notice.Summary), nil
}

// machine is how messages call this machine.
func (c *Config) machine() string {
	if c.Machine != "" {
		return c.Machine
	}
	name, _ := os.Hostname() // a message without it is better than none
	return name
}
