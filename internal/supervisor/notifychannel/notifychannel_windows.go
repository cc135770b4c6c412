package notifychannel

import (
	"os"
	"sync"
)

// peeker reads a channel and takes out what it reads: a pipe made by CreatePipe can be waited for only by reading. So a
// message that is read in the very moment of the supervisor's death is lost. Package service repeats its readiness with each
// heartbeat, which heals that.
type peeker struct{ buffers sync.Pool }

func (k *peeker) peek(f *os.File, read func([]byte)) (int, error) {
	buf, _ := k.buffers.Get().(*[maxRead]byte)
	if buf == nil {
		buf = new([maxRead]byte)
	}
	defer k.buffers.Put(buf)
	got, err := f.Read(buf[:])
	read(buf[:got])
	return got, err
}

func (k *peeker) discard(*os.File, int) error { return nil }
