// Package dashboard looks at the pages of package status with a real browser: it clicks, types, switches scripts off, and takes
// pictures. The tests need Chromium, and axe-core for what assistive technology needs. Without them they are skipped, or fail if
// TOCSIN_REQUIRE_BROWSER is set. TOCSIN_AXE is the path of axe.min.js. TOCSIN_STATUSPAGE is a folder in which npm has installed statuspage.io, a
// client of the public API of Statuspage; without it the test that needs it is skipped.
package dashboard
