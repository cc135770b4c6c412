package logs

import (
	"errors"
	"time"
)

type spool struct{}
type encoder struct{}

var errNotYet = errors.New("json isn't there yet")

func (k *Sink) dropEncoder()                       {}
func (c *Capture) closeSpool(bool)                 {}
func (c *Capture) abandonSpool() int               { return 0 }
func (c *Capture) endJSON(time.Time) error         { return nil }
func (c *Capture) moveJSON(time.Time) (int, error) { return 0, errNotYet }
func looksJSON(interface {
	ReadAt([]byte, int64) (int, error)
}) bool { return false }
