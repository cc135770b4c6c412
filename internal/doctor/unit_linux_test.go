package doctor

import "testing"

func TestUnit(t *testing.T) {
	i := healthy(t)
	finds(t, "plain", i.examine(t, "unit"), "ok systemd has read the unit file, and nothing overrides it")
	i.registration.NeedReload = true
	finds(t, "changed", i.examine(t, "unit"), "warn systemd hasn't read them since")
	i.registration.DropIns = []string{"/etc/systemd/system/shop.service.d/a.conf"}
	finds(t, "overridden", i.examine(t, "unit"), "warn systemd hasn't read them since", "warn override the unit file: /etc/systemd/system/shop.service.d/a.conf")
}
