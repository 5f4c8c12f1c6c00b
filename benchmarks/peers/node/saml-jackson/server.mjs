/* saml-jackson's directory sync over HTTP, in several processes: node server.mjs PORT DATABASE PROCESSES FILE

What to ask it with, the path and the secret of its directory, is written into the file before anything is served. */

import cluster from "node:cluster";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import jackson from "@boxyhq/saml-jackson";

const [port, url, processes, file] = process.argv.slice(2);
const SCIM = "/scim/v2";
const silent = () => {};

const open = manualMigration => jackson.default({
    externalUrl: `http://127.0.0.1:${port}`,
    samlPath: "/saml",
    scimPath: SCIM,
    db: { engine: "sql", type: "postgres", url, manualMigration, pageLimit: 100 },
    dsync: { callback: async () => {} }, // what happened is told to us, instead of to a webhook
    noAnalytics: true,
    logger: { info: silent, warn: silent, error: console.error },
});

/** Its tables, and the directory that everything happens in. */
const prepare = async () => {
    const { directorySyncController: { directories }, close } = await open(false);
    const { data, error } = await directories.create({ tenant: "bench", product: "bench", type: "okta-scim-v2" });
    if (error) throw error;
    writeFileSync(file, JSON.stringify(data.scim));
    await close();
};

const serve = async () => {
    const { directorySyncController: { requests } } = await open(true);
    createServer((request, response) => {
        answer(requests, request).then(({ status, data }) => {
            const body = JSON.stringify(data ?? {});
            const headers = { "Content-Type": "application/scim+json", "Content-Length": Buffer.byteLength(body) };
            response.writeHead(status, headers).end(body);
        }).catch(error => {
            console.error(error);
            response.writeHead(500, { "Content-Length": 0 }).end();
        });
    }).listen(Number(port), "127.0.0.1");
};

const answer = async (requests, request) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    const [directoryId, resourceType = "", resourceId] = pathname.slice(SCIM.length + 1).split("/");
    const number = name => searchParams.has(name) ? Number(searchParams.get(name)) : undefined;
    return requests.handle({
        method: request.method,
        body: await read(request),
        directoryId,
        resourceType,
        resourceId,
        apiSecret: request.headers.authorization?.replace("Bearer ", "") ?? null,
        query: {
            count: number("count"),
            startIndex: number("startIndex"),
            filter: searchParams.get("filter") ?? undefined,
        },
    });
};

const read = async request => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    return chunks.length ? JSON.parse(Buffer.concat(chunks)) : undefined;
};

if (cluster.isPrimary) {
    await prepare();
    for (let number = 0; number < Number(processes); number++) cluster.fork();
    cluster.on("exit", () => process.exit(1)); // it is ended by a signal to this one; a worker ends by an error alone
} else {
    await serve();
}
