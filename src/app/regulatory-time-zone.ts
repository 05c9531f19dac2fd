/** Days are cut at midnight in Brasília, and the hours of scheduled outages are that city's. */
export const REGULATORY_TIME_ZONE = 'America/Sao_Paulo';
