// Package clockjump watches for jumps of the time of day, which show that the machine has slept.
package clockjump

import "context"

// Watch calls changed, in a goroutine, when the time of day jumped: somebody set it, or the machine woke up. It ends with ctx.
// On Windows it does nothing: the service manager reports a sleep there. It does nothing either where the system has no means
// for it, so the caller has to check now and then.
func Watch(ctx context.Context, changed func()) { watch(ctx, changed) }
