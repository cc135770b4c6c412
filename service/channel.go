package service

import (
	"strings"

	"github.com/daruma-sh/daruma/service/notify"
)

// darumaWords is the platform of a program that daruma supervises, nil where it doesn't, with what gives the channel back.
// It removes the channel's variables from the environment: a child must not speak in this program's name.
func darumaWords() (w *words, closeChannel func(), err error) {
	channel, err := notify.Open()
	if channel == nil {
		return nil, func() {}, err
	}
	send := func(lines ...string) {
		messages := make([]notify.Message, 0, len(lines))
		for _, line := range lines {
			key, value, _ := strings.Cut(line, "=")
			messages = append(messages, notify.Message{Key: key, Value: value})
		}
		_ = channel.Say(messages...) // a keeper that is gone ends the program anyway
	}
	flush := func() { channel.Heard(lastWords / 2) }
	return &words{where: Daruma, period: channel.Period, send: send, flush: flush}, func() { _ = channel.Close() }, nil
}
