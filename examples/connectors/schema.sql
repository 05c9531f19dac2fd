-- A small insurer's database, for the sample mapping insurer.sql.yaml: its tables, and data of nobody.
create table person (
  key text primary key,
  cpf char(11) not null unique,
  name text not null
);

create table company (
  cnpj char(14) primary key,
  name text not null
);

-- Who may act for which company.
create table mandate (
  cpf char(11) not null references person (cpf),
  cnpj char(14) not null references company (cnpj),
  primary key (cpf, cnpj)
);

create table assistance (
  number text primary key,
  -- CPF or CNPJ of whose contract it is.
  holder text not null,
  brand text not null,
  insurer text not null,
  insurer_cnpj char(14) not null,
  certificate text not null,
  group_contract text,
  susep_process text not null,
  granted numeric(18, 4) not null,
  credited numeric(18, 4) not null,
  instalment numeric(18, 4) not null,
  instalments integer not null,
  first_due date not null,
  last_due date not null,
  interest_rate numeric(9, 6) not null,
  cost_rate numeric(9, 6) not null,
  settled_amount numeric(18, 4),
  settled_on date,
  taxes numeric(18, 4) not null,
  fees numeric(18, 4) not null,
  interest numeric(18, 4) not null,
  situation text not null default 'active',
  closed_on date
);
create index on assistance (holder);

create table insured (
  number text not null references assistance (number),
  position integer not null,
  document_type text not null,
  document text not null,
  name text not null,
  primary key (number, position)
);

create table movement (
  number text not null references assistance (number),
  position integer not null,
  debit numeric(18, 4) not null,
  instalments_left integer not null,
  instalments_unpaid integer not null,
  life_reserve numeric(18, 4),
  pension_reserve numeric(18, 4),
  loaded_at timestamptz not null,
  primary key (number, position)
);

insert into person values
  ('p-7d20', '53807142690', 'Guilherme Alves'),
  ('p-91ae', '17290534832', 'Marta Figueira');
insert into company values ('27481635000104', 'Padaria Trigo Novo Ltda.');
insert into mandate values ('17290534832', '27481635000104');
insert into assistance values
  ('AF-61005', '53807142690', 'Aurora Seguros', 'Aurora Vida e Previdência S.A.', '99720318000104',
   'C-88140', null, '15414.098221/2020-17', 18000, 17352.40, 905.38, 24, '2025-06-10', '2027-05-10',
   1.59, 1.92, null, null, 411.60, 236, 3729.12, 'active', null),
  ('AF-61006', '53807142690', 'Aurora Seguros', 'Aurora Vida e Previdência S.A.', '99720318000104',
   'C-88140', 'G-12', '15414.098221/2020-17', 4000, 3900, 350.5, 12, '2023-01-10', '2023-12-10',
   1.4, 1.7, 210.1, '2023-11-02', 80, 40, 206, 'closed', '2023-11-02'),
  ('AF-70001', '27481635000104', 'Aurora Seguros', 'Aurora Capital S.A.', '99720318000295',
   'C-90002', null, '15414.098221/2020-17', 50000, 49000, 2300, 24, '2025-01-10', '2026-12-10',
   1.2, 1.5, null, null, 900, 300, 5200, 'active', null);
insert into insured values
  ('AF-61005', 1, 'CPF', '53807142690', 'Guilherme Alves'),
  ('AF-61005', 2, 'CPF', '17290534832', 'Marta Figueira'),
  ('AF-61006', 1, 'CPF', '53807142690', 'Guilherme Alves'),
  ('AF-70001', 1, 'CNPJ', '27481635000104', 'Padaria Trigo Novo Ltda.');
insert into movement values
  ('AF-61005', 1, 13110.15, 16, 0, 45920.1, null, '2026-02-01 03:00:00+00'),
  ('AF-61005', 2, 12204.77, 15, 0, 46180.25, null, '2026-03-01 03:00:00+00'),
  ('AF-70001', 1, 31000, 14, 1, null, 8000, '2026-03-01 03:00:00+00');
