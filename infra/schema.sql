-- What the catalogue says of a database, each row as one JSON object. What an extension brings is left out.

-- query: relations
select json_build_object(
    'name', c.oid::regclass::text, 'kind', c.relkind, 'owner', pg_get_userbyid(c.relowner),
    'secured', c.relrowsecurity, 'forced', c.relforcerowsecurity, 'options', coalesce(c.reloptions, '{}'),
    'columns', coalesce((
        select json_agg(json_build_object(
            'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull,
            'default', pg_get_expr(f.adbin, f.adrelid)) order by a.attnum)
        from pg_attribute a left join pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'))
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  and not exists (
    select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by c.relname;

-- query: policies
select json_build_object(
    'table', c.oid::regclass::text, 'name', p.polname, 'permissive', p.polpermissive,
    'command', case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert'
        when 'w' then 'update' else 'delete' end,
    'roles', (select json_agg(case r when 0 then 'public' else pg_get_userbyid(r) end) from unnest(p.polroles) r),
    'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by c.relname, p.polname;

-- query: indexes
select json_build_object(
    'table', t.oid::regclass::text, 'name', c.relname, 'unique', i.indisunique, 'valid', i.indisvalid,
    'exclusion', i.indisexclusion, 'predicate', pg_get_expr(i.indpred, i.indrelid),
    'columns', (
        select json_agg(coalesce(a.attname, '(expression)') order by k.place)
        from unnest(i.indkey::int2[]) with ordinality k (number, place)
        left join pg_attribute a on a.attrelid = t.oid and a.attnum = k.number and k.number > 0
        where k.place <= i.indnkeyatts))
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
join pg_namespace n on n.oid = t.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by t.relname, c.relname;

-- query: foreign_keys
select json_build_object(
    'table', k.conrelid::regclass::text, 'name', k.conname, 'target', k.confrelid::regclass::text,
    'columns', (select json_agg(a.attname order by p.place) from unnest(k.conkey) with ordinality p (number, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.number),
    'target_columns', (select json_agg(a.attname order by p.place)
        from unnest(k.confkey) with ordinality p (number, place)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = p.number))
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where k.contype = 'f' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by c.relname, k.conname;

-- query: choices
select json_build_object(
    'table', k.conrelid::regclass::text, 'column', a.attname,
    'values', (select json_agg(found[1]) from regexp_matches(d.text, '''([^'']*)''::text', 'g') found))
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum],
lateral pg_get_constraintdef(k.oid) as d (text)
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and k.contype = 'c'
  and d.text ~ '^CHECK \(\(\w+ = (ANY|''[^'']*''::text\)\))'
order by c.relname, a.attname;

-- query: rights
select json_build_object(
    'object', r.object, 'kind', r.kind, 'owner', pg_get_userbyid(r.owner), 'column', r.column_name,
    'grantee', case e.grantee when 0 then 'public' else pg_get_userbyid(e.grantee) end,
    'privilege', lower(e.privilege_type))
from (
    select c.oid::regclass::text, 'relation', c.relowner, null, c.relacl
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not exists (
    select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    union all
    select c.oid::regclass::text, 'relation', c.relowner, a.attname, a.attacl
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and a.attacl is not null and not a.attisdropped
    union all
    select n.nspname, 'schema', n.nspowner, null, coalesce(n.nspacl, acldefault('n', n.nspowner))
    from pg_namespace n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    union all
    select d.datname, 'database', d.datdba, null, coalesce(d.datacl, acldefault('d', d.datdba))
    from pg_database d where d.datname = current_database()
    union all
    select coalesce(n.nspname, 'all schemas'), 'default', d.defaclrole, null, d.defaclacl
    from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
) as r (object, kind, owner, column_name, acl), lateral aclexplode(r.acl) e
order by r.object, r.column_name, e.grantee, e.privilege_type;

-- query: roles
select json_build_object(
    'name', r.rolname, 'superuser', r.rolsuper, 'bypasses', r.rolbypassrls,
    'makes_roles', r.rolcreaterole, 'makes_databases', r.rolcreatedb, 'replicates', r.rolreplication,
    'member_of', coalesce((select json_agg(g.rolname order by g.rolname) from pg_auth_members m
        join pg_roles g on g.oid = m.roleid where m.member = r.oid), '[]'))
from pg_roles r where r.rolname !~ '^pg_' order by r.rolname;

-- query: functions
select json_build_object(
    'name', p.oid::regprocedure::text, 'owner', pg_get_userbyid(p.proowner), 'definer', p.prosecdef)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and not exists (
    select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
order by p.proname;
