-- The account FreeRADIUS uses: reads what it needs to answer, writes accounting, and nothing else of Sanjog.
-- As the database's superuser:  psql -d sanjog -v password="'…'" -f postgresql-role.sql
CREATE ROLE radius LOGIN PASSWORD :password;
GRANT SELECT ON radcheck, radreply, radusergroup, radgroupcheck, radgroupreply, nas, nasreload TO radius;
GRANT SELECT, INSERT, UPDATE ON radacct TO radius;
GRANT USAGE ON SEQUENCE radacct_radacctid_seq TO radius;
