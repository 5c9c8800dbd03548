module github.com/tocsin-dev/tocsin/store/sqlite

go 1.26.0
