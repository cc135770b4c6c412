// Package log is a slog handler for services: lines to a file or stdout, and warnings to the operating system's log, the
// journal on Linux and the Event Log on Windows. It never keeps the service waiting.
//
//	handler, err := log.NewHandler(log.Options{Name: "shop", File: `C:\ProgramData\shop\shop.log`})
//	if err != nil {
//		return err
//	}
//	defer handler.Close(context.Background())
//	logger := slog.New(handler)
//	logger.Error("payment refused", log.EventID(17), "order", id)
//
// Package service makes such a logger by itself for a service that brings none.
package log
