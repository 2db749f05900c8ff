// Keeps accounts in an SQLite database by a driver without C: transfers between them, one transaction each, until it
// is killed or has made as many as it was told; or looks whether a database is whole.
//
//	ledger run PATH MODE COUNT    MODE: delete, wal, shared-wal, truncate; prints the number of each transaction once it is committed
//	ledger check PATH             prints what PRAGMA integrity_check says, the accounts' sum, and the last transaction
package main

import (
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"strings"

	_ "modernc.org/sqlite"
)

const accounts = 50

func main() {
	db, err := sql.Open("sqlite", os.Args[2])
	must(err)
	db.SetMaxOpenConns(1)
	switch os.Args[1] {
	case "run":
		count, err := strconv.Atoi(os.Args[4])
		must(err)
		run(db, os.Args[3], count)
	case "check":
		check(db)
	}
	must(db.Close())
}

func run(db *sql.DB, mode string, count int) {
	execute(db, "PRAGMA busy_timeout = 10000")
	if mode == "wal" {
		// Without memory that is shared between processes: one has the database to itself.
		execute(db, "PRAGMA locking_mode = EXCLUSIVE")
	}
	execute(db, "PRAGMA journal_mode = "+strings.TrimPrefix(mode, "shared-"))
	execute(db, "PRAGMA cache_size = 20")
	execute(db, "CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY, balance INTEGER, note TEXT)")
	execute(db, "CREATE TABLE IF NOT EXISTS transfer (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, amount INTEGER, note TEXT)")
	execute(db, "CREATE INDEX IF NOT EXISTS by_note ON transfer (note)")
	for id := range accounts {
		execute(db, "INSERT OR IGNORE INTO account VALUES (?, 1000, '')", id)
	}
	var last int
	must(db.QueryRow("SELECT coalesce(max(id), 0) FROM transfer").Scan(&last))
	for number := last + 1; number <= last+count; number++ {
		from, to, amount := number*7%accounts, number*13%accounts, number%17
		note := strings.Repeat(strconv.Itoa(number*7919%100003), 20+number%100)
		tx, err := db.Begin()
		must(err)
		for _, one := range []struct{ id, by int }{{from, -amount}, {to, amount}} {
			_, err = tx.Exec("UPDATE account SET balance = balance + ?, note = ? WHERE id = ?", one.by, note, one.id)
			must(err)
		}
		_, err = tx.Exec("INSERT INTO transfer VALUES (?, ?, ?, ?, ?)", number, from, to, amount, note)
		must(err)
		if number%5 == 0 {
			_, err = tx.Exec("DELETE FROM transfer WHERE id = ?", number-4)
			must(err)
		}
		must(tx.Commit())
		fmt.Println(number)
	}
}

func check(db *sql.DB) {
	execute(db, "PRAGMA busy_timeout = 10000")
	execute(db, "PRAGMA locking_mode = EXCLUSIVE")
	var whole string
	must(db.QueryRow("PRAGMA integrity_check").Scan(&whole))
	var sum, count, last int
	must(db.QueryRow("SELECT coalesce(sum(balance), 0), count(*) FROM account").Scan(&sum, &count))
	must(db.QueryRow("SELECT coalesce(max(id), 0) FROM transfer").Scan(&last))
	fmt.Printf("%s %v %d\n", whole, sum == count*1000, last)
}

func execute(db *sql.DB, statement string, arguments ...any) {
	_, err := db.Exec(statement, arguments...)
	must(err)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
