/* scimmy and its routers on express, over a store of our own in memory: node server.mjs PORT TOKEN */

import { randomUUID } from "node:crypto";
import express from "express"; // 4, as the routers are tested with: they write into `request.query`, which 5 forbids
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [port, token] = process.argv.slice(2);

/** Resources by id, and by the values of the attributes that an identity provider looks up by. */
class Store {
    constructor(name, { unique, indexed, folded = [] }) {
        Object.assign(this, { name, unique, folded, rows: new Map() });
        this.indexes = new Map(indexed.map(attribute => [attribute, new Map()]));
    }

    key(attribute, value) {
        return this.folded.includes(attribute) ? value.toLowerCase() : value;
    }

    write(resource, data) {
        const before = resource.id && this.get(resource.id);
        const same = this.unique && this.indexes.get(this.unique).get(this.key(this.unique, data[this.unique]));
        if (same && same !== before) throw new SCIMMY.Types.Error(409, "uniqueness", `${data[this.unique]} is taken`);
        const now = new Date();
        const meta = { created: before?.meta.created ?? now, lastModified: now };
        const row = { ...data, id: before?.id ?? randomUUID(), meta };
        if (before) this.forget(before);
        this.rows.set(row.id, row);
        for (const [attribute, index] of this.indexes)
            if (row[attribute] !== undefined) index.set(this.key(attribute, row[attribute]), row);
        return row;
    }

    forget(row) {
        for (const [attribute, index] of this.indexes) {
            const key = row[attribute] === undefined ? undefined : this.key(attribute, row[attribute]);
            if (index.get(key) === row) index.delete(key);
        }
    }

    get(id) {
        const row = this.rows.get(id);
        if (!row) throw new SCIMMY.Types.Error(404, null, `${this.name} ${id} not found`);
        return row;
    }

    delete(id) {
        this.forget(this.get(id));
        this.rows.delete(id);
    }

    read(resource) {
        if (resource.id) return this.get(resource.id);
        if (resource.filter) return this.find(resource.filter);
        return this.page(resource);
    }

    /** By an index where the filter is `attribute eq "value"`; anything else is for scimmy to match. */
    find(filter) {
        const [expression, ...others] = filter;
        const [[attribute, condition], ...more] = Object.entries(expression);
        const index = this.indexes.get(attribute);
        if (index && !others.length && !more.length && condition[0] === "eq" && typeof condition[1] === "string")
            return [index.get(this.key(attribute, condition[1]))].filter(row => row);
        return filter.match([...this.rows.values()]);
    }

    /** No more rows than the page has, and how many there are besides: ListResponse takes it from the constraints. */
    page(resource) {
        const { sortBy, startIndex = 1, count = 20 } = (resource.constraints ??= {});
        if (sortBy) return [...this.rows.values()];
        resource.constraints.totalResults = this.rows.size;
        // It skips startIndex - 1 rows if it was given that many, and takes those that it was given if not.
        const first = startIndex > count ? startIndex : 1;
        const rows = [];
        let number = 0;
        for (const row of this.rows.values()) {
            if (++number >= startIndex + count) break;
            if (number >= first) rows.push(row);
        }
        return rows;
    }
}

const declare = (resource, store) => SCIMMY.Resources.declare(resource, {
    ingress: (asked, data) => store.write(asked, data),
    egress: asked => store.read(asked),
    degress: asked => store.delete(asked.id),
});

declare(SCIMMY.Resources.User,
    new Store("User", { unique: "userName", indexed: ["userName", "externalId"], folded: ["userName"] }));
declare(SCIMMY.Resources.Group, new Store("Group", { indexed: ["displayName", "externalId"] }));

const app = express();
app.disable("etag");
app.disable("x-powered-by");
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    handler: request => {
        if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("Authorization not detected!");
    },
}));
app.listen(Number(port), "127.0.0.1");
