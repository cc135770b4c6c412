package keeper

import (
	"errors"
	"time"

	"github.com/daruma-sh/daruma/internal/exitcode"
)

// complain says why a keeper can't begin, and gives the exit code for that.
func complain(err error) int {
	tell("daruma: "+err.Error(), time.Second)
	code := exitcode.Failed
	for coded := (*exitcode.Error)(nil); errors.As(err, &coded); err = coded.Err {
		code = coded.Code // the innermost knows best
	}
	return int(code)
}
