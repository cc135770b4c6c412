package web

import (
	"io"
	"log"
)

// quiet takes what http.Server would write of each client that does something odd: a hostile one could fill a disk with it.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
