/** A PostgreSQL for the tests of its driver, on the loopback interface and on a Unix socket. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresProgram, startPostgres } from "../drivers/servers.ts";
import { freePort } from "../programs/servers.ts";

export interface TestDatabase extends AsyncDisposable {
  /** By which pgx's tests find it (pgx's CONTRIBUTING.md). */
  readonly environment: Readonly<Record<string, string>>;
}

/** What pgx's testsetup/postgresql_setup.sql makes, and who the tests think set the server up. */
const wanted =
  "create role postgres superuser; create extension hstore; create extension ltree; create domain uint64 as numeric(20, 0);";

export async function startDatabase(): Promise<TestDatabase> {
  const sockets = mkdtempSync(join(tmpdir(), "elsewhere-sockets-"));
  chmodSync(sockets, 0o777); // PostgreSQL is nobody
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(sockets, { recursive: true, force: true }));
  const port = await freePort();
  stack.use(
    await startPostgres([], {
      hosts: "local all all scram-sha-256",
      settings: { listen_addresses: "127.0.0.1", port, unix_socket_directories: sockets },
    }),
  );
  const rest = `port=${port} user=app password=secret dbname=postgres`;
  const tcp = `host=127.0.0.1 ${rest}`;
  execFileSync(postgresProgram("psql"), ["--quiet", "--no-psqlrc", "--dbname", tcp], { input: wanted });
  const running = stack.move();
  return {
    environment: {
      PGX_TEST_DATABASE: tcp,
      PGX_TEST_TCP_CONN_STRING: tcp,
      PGX_TEST_SCRAM_PASSWORD_CONN_STRING: tcp,
      PGX_TEST_UNIX_SOCKET_CONN_STRING: `host=${sockets} ${rest}`,
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
