package nssm

import (
	"strconv"
	"strings"
)

// process is AppPriority, AppAffinity and AppNoConsole.
func (c *conversion) process() {
	if class, ok := c.number("AppPriority"); ok {
		nice, known := niceness(class)
		switch {
		case !known:
			c.note("AppPriority", "%d isn't a priority class, so NSSM didn't take it; neither does daruma", class)
		case nice != 0:
			c.doc.nice = strconv.Itoa(nice)
		}
	}
	if affinity, ok := c.take("AppAffinity"); ok && affinity.Text != "" && !strings.EqualFold(affinity.Text, "All") {
		if c.doc.affinity, ok = processors(affinity.Text); !ok {
			c.note("AppAffinity", "%s isn't a list of processors from 0 to 63, such as 0-2,4: the program may use all", printable(affinity.Text))
		}
	}
	if console, ok := c.number("AppNoConsole"); ok && console != 0 {
		c.note("AppNoConsole", "isn't needed: each program has an invisible console of its own, so that it can be asked to end by Ctrl+C")
	}
}

// processors reads NSSM's list of numbers and ranges, 0-2,4, and gives each number once, in ascending order.
func processors(list string) (text string, ok bool) {
	var chosen [64]bool
	for part := range strings.SplitSeq(list, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		first, err := strconv.ParseUint(strings.TrimSpace(low), 10, 6)
		last := first
		if err == nil && isRange {
			last, err = strconv.ParseUint(strings.TrimSpace(high), 10, 6)
		}
		if err != nil || last < first {
			return "", false
		}
		for n := first; n <= last; n++ {
			chosen[n] = true
		}
	}
	var numbers []string
	for n, is := range chosen {
		if is {
			numbers = append(numbers, strconv.Itoa(n))
		}
	}
	return "[" + strings.Join(numbers, ", ") + "]", true
}

// niceness gives the niceness of a priority class, as libuv pairs them
// (https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_setpriority). Classes:
// https://learn.microsoft.com/en-us/windows/win32/api/processthreadsapi/nf-processthreadsapi-setpriorityclass
func niceness(class uint64) (nice int, known bool) {
	switch class {
	case 0x100: // REALTIME_PRIORITY_CLASS
		return -20, true
	case 0x80: // HIGH_PRIORITY_CLASS
		return -14, true
	case 0x8000: // ABOVE_NORMAL_PRIORITY_CLASS
		return -7, true
	case 0x20: // NORMAL_PRIORITY_CLASS
		return 0, true
	case 0x4000: // BELOW_NORMAL_PRIORITY_CLASS
		return 10, true
	case 0x40: // IDLE_PRIORITY_CLASS
		return 19, true
	}
	return 0, false
}
