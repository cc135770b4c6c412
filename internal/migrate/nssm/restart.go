package nssm

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// usualThrottle is AppThrottle's default in milliseconds (nssm.h). Nobody has asked for it, so daruma's own default holds.
const usualThrottle = 1500

// restarts are AppExit, AppThrottle and AppRestartDelay.
func (c *conversion) restarts() {
	exit := c.parameters.Sub("AppExit")
	c.doc.restartPolicy = "Always"
	if v, ok := exit.Value(""); ok {
		c.doc.restartPolicy = c.defaultAction(v.Text)
	}
	type rule struct {
		code   uint64
		action string
	}
	var rules []rule
	for _, v := range exit.Values() {
		if v.Name == "" {
			continue
		}
		// NSSM looks the code up as an unsigned decimal number without zeros before it; other names are never found.
		code, err := strconv.ParseUint(v.Name, 10, 32)
		if err != nil || strconv.FormatUint(code, 10) != v.Name {
			c.note("AppExit "+v.Name, "isn't an exit code in decimal, so NSSM never found it; left out")
			continue
		}
		rules = append(rules, rule{code, c.action(code, v.Text)})
	}
	slices.SortFunc(rules, func(a, b rule) int { return cmp.Compare(a.code, b.code) })
	for _, r := range rules {
		c.doc.exitCodes = append(c.doc.exitCodes, pair{strconv.FormatUint(r.code, 10), r.action})
	}
	c.backoff()
}

// defaultAction is what AppExit's default value means as a restart policy.
func (c *conversion) defaultAction(action string) string {
	switch strings.ToLower(action) {
	case "restart":
		return "Always"
	case "exit":
		c.note("AppExit Default", "Exit stopped the service with the program. Here the program becomes completed (exit code 0) or failed, and isn't restarted")
		return "Never"
	case "ignore":
		c.note("AppExit Default", "Ignore showed the service as running although the program had ended. daruma shows it as completed or failed")
		return "Never"
	case "suicide":
		c.note("AppExit Default", "Suicide let Windows restart the service. daruma restarts the program itself, and as with NSSM not after exit code 0. To let Windows do it after some failures, add maxRestarts with then: escalate")
		return "OnFailure"
	}
	c.note("AppExit Default", "%s isn't an action of NSSM, which restarted then; so does daruma", strconv.Quote(action))
	return "Always"
}

// action is what AppExit says of one exit code.
func (c *conversion) action(code uint64, action string) string {
	setting := "AppExit " + strconv.FormatUint(code, 10)
	switch strings.ToLower(action) {
	case "restart":
		return "restart"
	case "exit":
		if code == 0 {
			return "stop"
		}
		c.note(setting, "Exit becomes giveUp: the program is shown as failed and not restarted. Where that code is a success, write stop")
		return "giveUp"
	case "ignore":
		c.note(setting, "Ignore showed the service as running although the program had ended. daruma shows it as completed")
		return "stop"
	case "suicide":
		c.note(setting, "Suicide let Windows restart the service. daruma restarts the program itself")
		return "restart"
	}
	c.note(setting, "%s isn't an action of NSSM, which restarted then; so does daruma", strconv.Quote(action))
	return "restart"
}

// backoff is AppThrottle, the time that a program must run to begin anew, and AppRestartDelay, the least wait.
func (c *conversion) backoff() {
	throttle, throttled := c.number("AppThrottle")
	throttled = throttled && throttle != usualThrottle
	delay, _ := c.number("AppRestartDelay")
	set := func(name, value string) { c.doc.backoff = append(c.doc.backoff, pair{name, value}) }
	never := throttled && throttle == 0 // NSSM then takes every start for a success
	switch {
	case delay > 0:
		set("initialSeconds", seconds(delay))
		if never {
			set("factor", "1")
		}
		const usualMost = 60_000
		if delay > usualMost {
			set("maxSeconds", seconds(delay))
		}
		c.note("AppRestartDelay", "waited %s s before every restart. daruma restarts at once the first time, and waits that long (varied a little, backoff.jitter) from the second failure in a row on",
			seconds(delay))
	case never:
		set("initialSeconds", "0")
	}
	if throttled && !never {
		set("resetAfterSeconds", seconds(throttle))
	}
}
