package nssm

import "errors"

var errNoRegistry = errors.New("this system has no registry: on the Windows machine run " +
	`reg export HKLM\SYSTEM\CurrentControlSet\Services\NAME NAME.reg, and import that file here`)

func installed(string) (Service, error) { return Service{}, errNoRegistry }

func allInstalled() ([]Service, error) { return nil, errNoRegistry }
