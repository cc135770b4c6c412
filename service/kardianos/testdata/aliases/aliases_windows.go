package service

import "github.com/daruma-sh/daruma/service/kardianos"

// WindowsLogger is what Service.Logger gives under the SCM.
type WindowsLogger = service.WindowsLogger
