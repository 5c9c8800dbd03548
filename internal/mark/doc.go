// Package mark marks contexts of tocsin's own work. Log records and events under a marked context are about tocsin
// itself. They must not become events again; otherwise one failure could cause an endless loop.
package mark
