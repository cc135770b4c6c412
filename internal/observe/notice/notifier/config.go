// Package notifier is the observer's part that tells people what happens: it follows the services (package watch), keeps what is to be told
// (package queue) and sends it to the channels (packages delivery and channel).
package notifier

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/observe/notice/channel"
)

// Config is `notices` of observe.yaml.
type Config struct {
	Language notice.Language // "": English
	Machine  string          // the name that messages give this machine; "": its host name
	Kinds    []notice.Kind   // what is told; nil: everything
	Channels []Channel       // by name

	Alertmanager *Alertmanager // nil: its webhook isn't taken
}

// Alertmanager says how Alertmanager's webhook is taken.
type Alertmanager struct {
	TokenFile, TokenEnv string // a file or an environment variable with the token that it has to send; both "": none
}

// Channel is one entry of channels: where to, and what of it.
type Channel struct {
	Name string // appears in the observer's log
	channel.Config

	Language notice.Language // "": that of notices
	Kinds    []notice.Kind   // nil: those of notices
	Services []string        // nil: all that are seen
}

// Decode reads `notices` of observe.yaml.
func Decode(v definition.Value) *Config {
	c := &Config{}
	v.Object([]definition.Field{
		{Key: "language", Decode: func(v definition.Value) { c.Language = language(v) }},
		{Key: "machine", Decode: func(v definition.Value) { c.Machine = v.Line() }},
		{Key: "kinds", Decode: func(v definition.Value) { c.Kinds = kinds(v) }},
		{Key: "channels", Decode: func(v definition.Value) {
			v.Map(func(name string, v definition.Value) {
				if !isChannelName(name) {
					v.Fail("a channel's name consists of letters, digits, - and _, of 64 at most")
				}
				c.Channels = append(c.Channels, decodeChannel(name, v))
			})
			if len(c.Channels) == 0 {
				v.Fail("names no channel: where should notices go?")
			}
		}},
		{Key: "alertmanager", Decode: func(v definition.Value) {
			c.Alertmanager = &Alertmanager{}
			v.Object([]definition.Field{
				{Key: "tokenFile", Decode: func(v definition.Value) { c.Alertmanager.TokenFile = v.Path() }},
				{Key: "tokenEnv", Decode: func(v definition.Value) { c.Alertmanager.TokenEnv = v.Line() }},
			})
		}},
	}, "channels")
	return c
}

func decodeChannel(name string, v definition.Value) Channel {
	c := Channel{Name: name}
	v.Object(append(c.Fields(),
		definition.Field{Key: "language", Decode: func(v definition.Value) { c.Language = language(v) }},
		definition.Field{Key: "kinds", Decode: func(v definition.Value) { c.Kinds = kinds(v) }},
		definition.Field{Key: "services", Decode: func(v definition.Value) {
			v.List(func(v definition.Value) { c.Services = append(c.Services, v.Line()) })
		}},
	), "type")
	return c
}

func language(v definition.Value) notice.Language {
	return notice.Language(v.Enum(string(notice.English), string(notice.Chinese)))
}

func kinds(v definition.Value) []notice.Kind {
	var names []string
	for _, k := range notice.Kinds() {
		names = append(names, string(k))
	}
	list := []notice.Kind{}
	v.List(func(v definition.Value) { list = append(list, notice.Kind(v.Enum(names...))) })
	return list
}

func isChannelName(s string) bool {
	return len(s) <= 64 && s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
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
	if n.Kind == notice.Test || n.Kind == notice.Summary {
		return true
	}
	if d.services != nil && n.Service != "" && !slices.Contains(d.services, n.Service) {
		return false
	}
	return slices.Contains(d.kinds, n.Kind)
}

// open makes the channels and reads their secrets. All that is wrong is in the error, a line each, with the field it is about.
func (c *Config) open() ([]destination, error) {
	var errs []error
	var list []destination
	for _, entry := range c.Channels {
		d := destination{name: entry.Name, services: entry.Services, language: cmp.Or(entry.Language, c.Language, notice.English), kinds: notice.Kinds()}
		for _, chosen := range [][]notice.Kind{c.Kinds, entry.Kinds} {
			if chosen != nil {
				d.kinds = chosen
			}
		}
		var problems []error
		d.channel, problems = channel.New(entry.Config)
		for _, p := range problems {
			errs = append(errs, fmt.Errorf("notices.channels.%s.%w", entry.Name, p))
		}
		list = append(list, d)
	}
	return list, errors.Join(errs...)
}

// machine is how messages call this machine.
func (c *Config) machine() string {
	if c.Machine != "" {
		return c.Machine
	}
	name, _ := os.Hostname() // a message without it is better than none
	return name
}
